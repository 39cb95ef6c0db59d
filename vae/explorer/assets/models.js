// The models that are pinned: choosing them, and what they reconstruct and invent.

const sweeps = new Map();
let modelsDrawn = Promise.resolve();

// What the page carries of a sweep's models; null if nothing.
function sweepOf(group, likelihood) {
  const id = `sweep-${group}-${likelihood}`;
  if (!sweeps.has(id)) {
    const read = async () => {
      const data = JSON.parse(await unpack(id));
      for (const cell of data.cells) cell.codes = halves(cell.codes);
      return data;
    };
    sweeps.set(id, $(id) ? read() : Promise.resolve(null));
  }
  return sweeps.get(id);
}

async function pinned(key) {
  const { likelihood, beta } = state[key];
  const sweep = await sweepOf(state.group, likelihood);
  const cell = sweep?.cells.find((c) => c.beta === beta) ?? null;
  if (cell?.decoder && !cell.run) {
    cell.run = new Decoder(cell.decoder, sweep.shape);
    cell.starts = singles(cell.starts);
  }
  return { key, name: modelName(state[key]), sweep, cell };
}

function drawPins() {
  for (const key of ["a", "b"]) {
    const { likelihood, beta } = state[key];
    const pin = (values) => () => change({ [key]: { ...state[key], ...values } });
    const { likelihoods } = groupOf(state.group);
    const choose = (event) => {
      const slug = event.target.value;
      change({ [key]: { likelihood: slug, beta: nearestBeta(state.group, slug, beta) } });
    };
    const select = element("select", { id: `likelihood-${key}`, "aria-label": `likelihood of ${key.toUpperCase()}`, onchange: choose });
    fill(select, likelihoods.map((l) => [l, DATA.likelihoods[l].name]), likelihood);
    const buttons = betasOf(state.group, likelihood).map((b) =>
      element("button", { type: "button", "aria-pressed": String(b === beta), "data-beta": b, onclick: pin({ beta: b }) },
        b ? betaName(b) : "autoencoder"));
    const fieldset = $(`pin-${key}`);
    const focused = fieldset.contains(document.activeElement) ? document.activeElement : null;
    const refocus = focused?.tagName === "SELECT" ? "select" : focused && `[data-beta="${CSS.escape(focused.dataset.beta)}"]`;
    fieldset.replaceChildren(fieldset.firstElementChild, select,
      element("span", { class: "betas" }, element("span", { class: "note" }, "β ="), ...buttons));
    if (refocus) fieldset.querySelector(refocus)?.focus();
  }
}

const KINDS = [
  ["reconstructions", "Reconstructions of test images", "the expected image for a code drawn from q(z|x)"],
  ["samples", "Samples from the prior, expected", "E[x|z] for z drawn from p(z): what the decoder means"],
  ["nearest", "The training images nearest to them", "by squared error: is it invention or memory?"],
  ["drawn", "The same samples, drawn", "x drawn from p(x|z), with the noise that the likelihood claims"],
  ["interpolation", "From one test image to another", "the straight line between their codes, decoded"],
];

function drawStrips(models) {
  const missing = models.filter((m) => !m.cell);
  $("pictures-text").textContent = missing.length
    ? `No pictures are stored of ${missing.map((m) => m.name).join(" and ")}: ${missing.some((m) => m.sweep) ? "that training diverged" : "this page was made from tables alone"}.`
    : `Models trained with seed ${models[0].sweep.seed}; the same test images and the same codes from the prior everywhere.`;
  const shown = models.filter((m) => m.cell);
  const blocks = shown.length ? KINDS.map(([kind, title, text]) => element("section", { class: "strip" },
    element("h3", {}, title, element("small", {}, text)),
    element("div", { class: "pair" }, ...shown.map((model) => pictureBlock(model, kind, title))))) : [];
  $("strips").replaceChildren(...blocks, ...(shown.length ? [codeMaps(shown)] : []));
}

function pictureBlock({ key, name, sweep, cell }, kind, title) {
  if (!cell[kind]) return element("p", { class: "note" }, badge(key), ` ${name}: an autoencoder has no prior to draw from.`);
  return element("div", {},
    kind === "reconstructions" ? pictureRow(sweep.test, sweep.shape, "test images", "") : "",
    pictureRow(cell[kind], sweep.shape, `${title}, ${name}`, key));
}

function codeMaps(models) {
  const block = ({ key, name, sweep, cell }) => {
    const canvas = element("canvas", { class: "codes", role: "img", width: 640, height: 640, "aria-label": `Codes of test images, ${name}` });
    paintMap(canvas, sweep, cell);
    return element("figure", {}, element("figcaption", { class: "note" }, badge(key), `${name}: ${mapAxes(cell)}`), canvas);
  };
  return element("section", { class: "strip" },
    element("h3", {}, "Codes of test images", element("small", {}, "one draw from every q(z|x), as its class, in the two dimensions that carry most")),
    element("div", { class: "pair" }, ...models.map(block)));
}

const badge = (key) => element("b", { class: `badge ${key}` }, key.toUpperCase());

function pictureRow(text, shape, label, key) {
  const images = bytesOf(text);
  const canvas = element("canvas", { role: "img", "aria-label": label });
  paintRow(canvas, images, shape);
  return element("div", { class: "row" }, key ? badge(key) : element("b", { class: "badge", "aria-hidden": "true" }, "x"), canvas);
}

// Grey images are ink on paper, whatever colour the paper has.
function paintRow(canvas, images, [channels, height, width]) {
  const size = channels * height * width;
  const count = images.length / size;
  const gap = Math.max(1, Math.round(width / 14));
  canvas.width = count * (width + gap) - gap;
  canvas.height = height;
  const context = canvas.getContext("2d");
  for (let i = 0; i < count; i++)
    context.putImageData(imageData(images.subarray(i * size, (i + 1) * size), [channels, height, width]), i * (width + gap), 0);
}

function imageData(bytes, [channels, height, width]) {
  const data = new ImageData(width, height);
  const inked = channels === 1 && !dark.matches;
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) {
      const value = bytes[(channels === 1 ? 0 : c) * height * width + i];
      data.data[4 * i + c] = inked ? 255 - value : value;
    }
    data.data[4 * i + 3] = 255;
  }
  return data;
}

const asBytes = (image) => Uint8Array.from(image, (v) => Math.round(255 * clamp(v, 0, 1)));

function drawModels() {
  drawPins();
  modelsDrawn = Promise.all(["a", "b"].map(pinned)).then((models) => {
    drawStrips(models);
    drawKnob(models);
  });
}
