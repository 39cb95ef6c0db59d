// The map of codes: classes of test images or decoded images, and a point to drag.

const GRID = 13; // images along a side of the map

const farthest = (values) => values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
const mapReach = (cell) => Math.max(REACH + 0.4, 1.07 * farthest(cell.codes));

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

// Images over the plane of the two dimensions; kept while only the point in it moves.
function paintImages(context, sweep, cell, code, reach) {
  const key = JSON.stringify([state.group, modelName(state.a), dark.matches, code.filter((_, d) => !cell.order.slice(0, 2).includes(d))]);
  if (paintImages.key !== key) {
    paintImages.key = key;
    paintImages.canvas = new OffscreenCanvas(context.canvas.width, context.canvas.height);
    decodePlane(paintImages.canvas, sweep, cell, code, reach);
  }
  context.drawImage(paintImages.canvas, 0, 0);
}

function decodePlane(canvas, sweep, cell, code, reach) {
  const [, height, width] = sweep.shape;
  const small = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  const side = canvas.width / GRID;
  context.imageSmoothingEnabled = false;
  const z = [...code];
  for (let row = 0; row < GRID; row++)
    for (let column = 0; column < GRID; column++) {
      z[cell.order[0]] = (((column + 0.5) / GRID) * 2 - 1) * reach;
      z[cell.order[1]] = (1 - ((row + 0.5) / GRID) * 2) * reach;
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
