// One code through two decoders: sliders, a map to drag a point on, a β that switches A's model.

const REACH = 3; // standard deviations of the prior
const SHOWN = 6; // sliders that are always shown
let knob = null; // the models drawn last

// Until a code is chosen it is that of the first test image under the first model shown.
let firstCode = [];
const codeOf = (length) => Array.from({ length }, (_, i) => (state.code ?? firstCode)[i] ?? 0);

function normal() {
  const radius = Math.sqrt(-2 * Math.log(1 - Math.random()));
  return radius * Math.cos(2 * Math.PI * Math.random());
}

function setCode(code) {
  state.code = code;
  $("start").value = "";
  drawCode();
  clearTimeout(setCode.timer);
  setCode.timer = setTimeout(writeAddress, 200);
}

function drawKnob(models) {
  knob = models;
  const [a] = models;
  const usable = Boolean(a.cell?.decoder);
  document.querySelector(".knob").hidden = !usable;
  $("knob-text").textContent = usable
    ? "A code z goes through both decoders, here in your browser. The sliders move the dimensions of A's code that carry the " +
      "most nats first; the same code means something else to another model unless both learned the same axes."
    : `The decoder of ${a.name} is not part of this page: ${a.sweep ? "it diverged, or it is too large to embed" : "the page was made from tables alone"}. Pin another model as A.`;
  if (!usable) return;
  if (!firstCode.length) firstCode = [...a.cell.starts.subarray(0, a.sweep.latent_dim)];
  drawSliders(a);
  drawBetas(a);
  fill($("start"), [["", "…"], ...Array.from({ length: testCount(a) }, (_, i) => [String(i), `test image ${i + 1}`])], "");
  for (const radio of document.getElementsByName("map")) radio.checked = radio.value === state.map;
  drawCode();
}

const testCount = ({ sweep }) => bytesOf(sweep.test).length / sweep.shape.reduce((p, n) => p * n);

function drawSliders({ cell, sweep }) {
  const reach = Math.max(REACH, Math.ceil(farthest(cell.starts)));
  const slider = (dimension) => {
    const id = `z-${dimension}`;
    const nats = cell.kl ? `${rounded(cell.kl[dimension], 0.1)} nats` : "";
    const move = (event) => {
      const code = codeOf(sweep.latent_dim);
      code[dimension] = Number(event.target.value);
      setCode(code);
    };
    return element("label", { for: id }, element("span", {}, "z", element("sub", {}, String(dimension + 1))),
      element("input", { type: "range", id, min: -reach, max: reach, step: 0.05, "data-dimension": dimension, oninput: move }),
      element("output", { id: `${id}-value`, for: id }), element("small", {}, nats));
  };
  const [first, rest] = [cell.order.slice(0, SHOWN), cell.order.slice(SHOWN)];
  const fieldset = $("sliders");
  const key = JSON.stringify([cell.order, cell.kl]);
  if (fieldset.dataset.key === key) return;
  fieldset.dataset.key = key;
  const open = fieldset.querySelector("details")?.open ?? false;
  fieldset.replaceChildren(fieldset.firstElementChild, ...first.map(slider),
    ...(rest.length ? [element("details", { open }, element("summary", {}, `${rest.length} more`), ...rest.map(slider))] : []));
}

const decodable = ({ sweep }) =>
  sweep.cells.filter((c) => c.model === "vae" && c.decoder).map((c) => c.beta).sort((x, y) => x - y);

function drawBetas(a) {
  const betas = decodable(a);
  $("beta").max = betas.length - 1;
  $("beta").value = betas.indexOf(state.a.beta);
  $("beta").disabled = betas.length < 2 || state.a.beta === 0;
  $("beta-text").textContent = state.a.beta ? betaName(state.a.beta) : "autoencoder";
  $("beta").setAttribute("aria-valuetext", `β = ${$("beta-text").textContent}`);
}

function drawCode() {
  for (const model of knob) drawDecoded(model);
  const [{ cell, sweep }] = knob;
  const code = codeOf(sweep.latent_dim);
  for (const input of $("sliders").querySelectorAll("input")) {
    const value = code[Number(input.dataset.dimension)];
    input.value = value;
    $(`${input.id}-value`).textContent = minus(value.toFixed(2));
  }
  drawMap(sweep, cell, code);
}

function drawDecoded({ key, name, sweep, cell }) {
  const [canvas, text] = [$(`decoded-${key}`), $(`decoded-${key}-text`)];
  text.replaceChildren(badge(key), ` ${name}`);
  canvas.hidden = !cell?.decoder;
  if (canvas.hidden) return text.append(": no decoder in this page");
  const image = cell.run.decode(codeOf(sweep.latent_dim));
  [, canvas.height, canvas.width] = sweep.shape;
  canvas.getContext("2d").putImageData(imageData(asBytes(image), sweep.shape), 0, 0);
  canvas.setAttribute("aria-label", `Image that ${name} decodes from this code`);
}

function connectModels() {
  connectMap();
  $("draw").addEventListener("click", () => setCode(codeOf(knob[0].sweep.latent_dim).map(normal)));
  $("zero").addEventListener("click", () => setCode(codeOf(knob[0].sweep.latent_dim).fill(0)));
  $("beta").addEventListener("input", (event) =>
    change({ a: { ...state.a, beta: decodable(knob[0])[Number(event.target.value)] } }));
  $("start").addEventListener("change", (event) => {
    const [{ cell, sweep }] = knob;
    const chosen = event.target.value;
    if (chosen === "") return;
    const from = Number(chosen) * sweep.latent_dim;
    setCode([...cell.starts.subarray(from, from + sweep.latent_dim)]);
    event.target.value = chosen;
  });
  for (const radio of document.getElementsByName("map"))
    radio.addEventListener("change", () => {
      state.map = radio.value;
      writeAddress();
      drawCode();
    });
}

// For tests: what the page decodes for a code, as numbers.
window.decodeInPage = async (group, likelihood, beta, z) => {
  const sweep = await sweepOf(group, likelihood);
  const { decoder } = sweep.cells.find((c) => c.beta === beta);
  return [...new Decoder(decoder, sweep.shape).decode(z)];
};
