// The controls: they show the state, and every change goes through `change`.

function change(values) {
  if (values.group && values.group !== state.group) {
    Object.assign(state, defaults(values.group));
    firstCode = [];
  }
  Object.assign(state, values);
  writeAddress();
  draw();
}

function drawControls() {
  const group = groupOf(state.group);
  fill($("group"), DATA.groups.map((g) => [g.name, `${g.dataset}, ${g.network}, ${g.latent_dim} latent dimensions`]), state.group);
  const criteria = criteriaOf(state.group).map((name) => [name, axisName(name)]);
  fill($("criterion"), criteria, state.criterion);
  $("height").value = heightShown();
  $("definition").textContent = `${DATA.metrics[state.criterion].label}: ${DATA.metrics[state.criterion].definition}.`;
  const axes = [["beta", "β"], ...metricsOf(state.group).map((name) => [name, axisName(name)])];
  fill($("x"), axes, state.x);
  fill($("y"), axes, state.y);
  $("filter").value = state.filter;
  $("columns").value = state.columns;
  drawLikelihoods(group);
}

function drawLikelihoods(group) {
  const fieldset = $("likelihoods");
  const toggle = (slug) => () =>
    change({ likelihoods: group.likelihoods.filter((l) => state.likelihoods.includes(l) !== (l === slug)) });
  if (fieldset.dataset.group !== group.name) {
    fieldset.dataset.group = group.name;
    fieldset.replaceChildren(fieldset.firstElementChild, ...group.likelihoods.map((slug) =>
      element("label", { class: "chip" },
        element("input", { type: "checkbox", value: slug, onchange: toggle(slug) }),
        marker(slug), DATA.likelihoods[slug].name)));
  }
  for (const box of fieldset.querySelectorAll("input")) box.checked = state.likelihoods.includes(box.value);
}

const OUTLINES = {
  circle: "M6 1a5 5 0 1 0 .01 0z",
  square: "M1.5 1.5h9v9h-9z",
  diamond: "M6 0l6 6-6 6-6-6z",
  "triangle-up": "M6 1l6 10H0z",
  "triangle-down": "M6 11L0 1h12z",
  "triangle-left": "M1 6l10-6v12z",
  "triangle-right": "M11 6L1 0v12z",
  cross: "M4 0h4v4h4v4H8v4H4V8H0V4h4z",
  x: "M3 0l3 3 3-3 3 3-3 3 3 3-3 3-3-3-3 3-3-3 3-3-3-3z",
};

function marker(slug) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", OUTLINES[DATA.likelihoods[slug].symbol]);
  path.setAttribute("fill", lineColour(slug));
  for (const [name, value] of [["viewBox", "0 0 12 12"], ["width", "12"], ["height", "12"], ["aria-hidden", "true"]])
    svg.setAttribute(name, value);
  svg.append(path);
  return svg;
}

function draw() {
  drawControls();
  drawCharts();
  drawAnswers();
  drawCells();
  drawModels();
}

function connect() {
  for (const id of ["group", "criterion", "height", "x", "y", "columns"])
    $(id).addEventListener("change", (event) => change({ [id]: event.target.value }));
  $("filter").addEventListener("input", (event) => change({ filter: event.target.value }));
  $("save-cells").addEventListener("click", saveCells);
  $("save-numbers").addEventListener("click", saveNumbers);
  addEventListener("hashchange", () => { readAddress(); draw(); });
  dark.addEventListener("change", () => { $("likelihoods").dataset.group = ""; draw(); });
  connectModels();
}

async function start() {
  try {
    await readTables();
    readAddress();
    await runPacked("library");
    draw();
    connect();
    linkCharts();
    await modelsDrawn;
    performance.mark("ready");
    document.documentElement.dataset.ready = "yes";
  } catch (error) {
    $("failure").textContent = `This page could not start (${error.message}): open it in a current browser.`;
    $("failure").hidden = false;
    throw error;
  }
}

start();
