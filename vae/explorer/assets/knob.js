// One code through two decoders: sliders, a map to drag a point on, a β that switches A's model.

const REACH = 3; // standard deviations of the prior
const SHOWN = 6; // sliders that are always shown
const GRID = 13; // images along a side of the map
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
  const slider = (dimension) => {
    const id = `z-${dimension}`;
    const nats = cell.kl ? `${rounded(cell.kl[dimension], 0.1)} nats` : "";
    const move = (event) => {
      const code = codeOf(sweep.latent_dim);
      code[dimension] = Number(event.target.value);
      setCode(code);
    };
    return element("label", { for: id }, element("span", {}, "z", element("sub", {}, String(dimension + 1))),
      element("input", { type: "range", id, min: -REACH, max: REACH, step: 0.05, "data-dimension": dimension, oninput: move }),
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

function mapReach(cell) {
  return cell.codes.reduce((most, v) => Math.max(most, Math.abs(v) * 1.07), REACH + 0.4);
}

function placing(canvas, cell) {
  const reach = mapReach(cell);
  return (x, y) => [((x / reach + 1) / 2) * canvas.width, ((1 - y / reach) / 2) * canvas.height];
}

function mapAxes({ order, kl }) {
  const name = (d) => `z${subscript(d + 1)}${kl ? ` (${rounded(kl[d], 0.1)} nats)` : ""}`;
  return order.length > 1 ? `across ${name(order[0])}, up ${name(order[1])}` : `across ${name(order[0])}`;
}

const subscript = (number) => String(number).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);

// Codes as their classes; or, where a code is given for the other dimensions, images.
function paintMap(canvas, sweep, cell, code = null) {
  const context = canvas.getContext("2d");
  const place = placing(canvas, cell);
  context.fillStyle = colour("card");
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (code) paintImages(context, sweep, cell, code, mapReach(cell));
  drawCircles(context, place, canvas.width, mapReach(cell));
  if (!code) drawLabels(context, sweep, cell, place);
}

function drawMap(sweep, cell, code) {
  const canvas = $("map");
  const [across, up] = cell.order;
  const flat = up === undefined;
  paintMap(canvas, sweep, cell, state.map === "images" && !flat ? code : null);
  const at = [code[across], flat ? 0 : code[up]];
  drawPoint(canvas.getContext("2d"), placing(canvas, cell)(...at));
  $("map-text").textContent = `${mapAxes(cell)}; circles at 1, 2 and 3 standard deviations of the prior. Drag the point, or move it by the arrow keys.`;
  canvas.setAttribute("aria-label", `Map of the codes of model A, ${mapAxes(cell)}; the point is at ${at.map((v) => v.toFixed(1)).join(", ")}`);
}

function drawCircles(context, place, width, reach) {
  context.strokeStyle = colour("line");
  context.lineWidth = 1.5;
  for (let radius = 1; radius <= REACH; radius++) {
    context.beginPath();
    context.arc(...place(0, 0), (radius / reach / 2) * width, 0, 2 * Math.PI);
    context.stroke();
  }
}

const CLASS_COLOURS = () => DATA.classes.map((own) => (own === "#222222" && dark.matches ? "#dddddd" : own));

function drawLabels(context, sweep, cell, place) {
  const colours = CLASS_COLOURS();
  const columns = Math.min(2, cell.order.length);
  context.font = "600 17px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  sweep.labels.forEach((label, i) => {
    context.fillStyle = colours[label % colours.length];
    const y = columns > 1 ? cell.codes[columns * i + 1] : 0;
    context.fillText(String(label), ...place(cell.codes[columns * i], y));
  });
}

function paintImages(context, sweep, cell, code, reach) {
  const [, height, width] = sweep.shape;
  const small = new OffscreenCanvas(width, height);
  const side = context.canvas.width / GRID;
  context.imageSmoothingEnabled = false;
  const z = [...code];
  for (let row = 0; row < GRID; row++)
    for (let column = 0; column < GRID; column++) {
      z[cell.order[0]] = ((column + 0.5) / GRID * 2 - 1) * reach;
      z[cell.order[1]] = (1 - (row + 0.5) / GRID * 2) * reach;
      small.getContext("2d").putImageData(imageData(asBytes(cell.run.decode(z)), sweep.shape), 0, 0);
      context.drawImage(small, column * side + 2, row * side + 2, side - 4, side - 4);
    }
}

function drawPoint(context, [x, y]) {
  for (const [radius, ink] of [[13, colour("card")], [10, colour("a")], [4, colour("card")]]) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = ink;
    context.fill();
  }
}

function movePoint(dx, dy, absolute = false) {
  const [{ cell, sweep }] = knob;
  const code = codeOf(sweep.latent_dim);
  const reach = mapReach(cell);
  cell.order.slice(0, 2).forEach((dimension, i) => {
    const value = (absolute ? 0 : code[dimension]) + [dx, dy][i];
    code[dimension] = clamp(value, -reach, reach);
  });
  setCode(code);
}

function connectMap() {
  const canvas = $("map");
  const follow = (event) => {
    const box = canvas.getBoundingClientRect();
    const reach = mapReach(knob[0].cell);
    const x = ((event.clientX - box.left) / box.width) * 2 - 1;
    const y = 1 - ((event.clientY - box.top) / box.height) * 2;
    movePoint(x * reach, y * reach, true);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    follow(event);
  });
  canvas.addEventListener("pointermove", (event) => canvas.hasPointerCapture(event.pointerId) && follow(event));
  const steps = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
  canvas.addEventListener("keydown", (event) => {
    if (!steps[event.key]) return;
    event.preventDefault();
    movePoint(...steps[event.key]);
  });
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
