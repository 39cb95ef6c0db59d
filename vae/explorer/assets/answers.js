// The answer in words and tables, and every trained model.

function shortAnswer() {
  const { label } = DATA.metrics[state.criterion];
  const rows = state.likelihoods.map((l) => answerOf(state.group, l, state.criterion)).filter(Boolean);
  if (!state.likelihoods.length) return "No likelihood is chosen.";
  if (!rows.length) return `No likelihood that is chosen has an answer by ${label}.`;
  const found = new Map();
  for (const row of rows.toSorted((a, b) => a.best_beta - b.best_beta)) {
    const { name } = DATA.likelihoods[row.likelihood];
    found.set(bestText(row), [...(found.get(bestText(row)) ?? []), name]);
  }
  const parts = [...found].map(([beta, names]) => `${beta} for ${names.join(", ")}`);
  return `Best by ${label}: ${parts.join("; ")}.`;
}

// At the edge of the grid the best β is a bound.
function bestText(row) {
  if (row.optimum === "none") return "no β, the criterion is monotone,";
  const bound = row.at_edge && row.betas > 1 ? (row.best_beta === row.lowest_beta ? "≤" : "≥") : "=";
  return `β ${bound} ${betaName(row.best_beta)}`;
}

function drawAnswers() {
  $("short").textContent = shortAnswer();
  const rows = state.likelihoods.map((l) => answerOf(state.group, l, state.criterion)).filter(Boolean);
  fillTable($("answers"), "The best β of every chosen likelihood", Object.keys(rows[0]?.words ?? {}),
    rows.map(({ words: { likelihood, ...others } }) => [
      element("th", { scope: "row" }, likelihood), ...Object.values(others)]));
  const without = state.likelihoods.filter((l) => !answerOf(state.group, l, state.criterion));
  $("answers-text").textContent = without.length && rows.length
    ? `Without an answer by this criterion: ${without.map((l) => DATA.likelihoods[l].name).join(", ")}.`
    : "";
  drawNumbers();
}

function numberRows() {
  const metrics = [...new Set([state.criterion, state.x, state.y])].filter((m) => m !== "beta");
  const headers = ["likelihood", "model", "beta", ...metrics.flatMap((m) => [m, `${m}_se`])];
  const rows = state.likelihoods.flatMap((likelihood) =>
    betasOf(state.group, likelihood).map((beta) => {
      const values = metrics.map((m) => summary(state.group, likelihood, beta, m));
      return { likelihood, beta, values };
    }),
  );
  return { metrics, headers, rows };
}

function drawNumbers() {
  const { metrics, rows } = numberRows();
  fillTable($("numbers"), "Means over seeds and their standard errors",
    ["likelihood", "β", ...metrics.map(axisName)],
    rows.map(({ likelihood, beta, values }) => [
      element("th", { scope: "row" }, DATA.likelihoods[likelihood].name),
      beta ? betaName(beta) : "autoencoder",
      ...values.map((v) => (v ? withError(v.mean, v.se) : "–")),
    ]));
}

function saveNumbers() {
  const { headers, rows } = numberRows();
  return saveCsv(`${state.group}-${state.criterion}.csv`, [headers, ...rows.map(({ likelihood, beta, values }) =>
    [likelihood, beta ? "vae" : "ae", beta, ...values.flatMap((v) => [v?.mean, v?.se])])]);
}

const FEW = ["rate", "distortion", "active_units", "collapsed"];
const KEYS = ["likelihood", "model", "beta", "seed"];

function shownColumns() {
  const criteria = criteriaOf(state.group);
  const metrics = metricsOf(state.group);
  return state.columns === "all" ? metrics : metrics.filter((m) => criteria.includes(m) || FEW.includes(m));
}

function shownCells() {
  const words = state.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const text = (c) =>
    `${c.likelihood} ${DATA.likelihoods[c.likelihood].name} ${c.model === "ae" ? "ae autoencoder" : "vae"} ` +
    `β=${betaName(c.beta)} ${c.beta} seed=${c.seed}`.toLowerCase();
  const matches = (c, word) =>
    /^[\d./]+$/.test(word) ? betaName(c.beta) === word || String(c.beta) === word : text(c).toLowerCase().includes(word);
  const value = (c) => (KEYS.includes(state.sort) ? c[state.sort] : c.values[state.sort]);
  const order = (a, b) => {
    const [u, v] = [value(a), value(b)];
    const missing = (u === null || u === undefined) - (v === null || v === undefined);
    const step = typeof u === "string" ? u.localeCompare(v) : u - v;
    return missing || (state.descending ? -step : step) || 0;
  };
  return DATA.cells
    .filter((c) => c.group === state.group && state.likelihoods.includes(c.likelihood))
    .filter((c) => words.every((word) => matches(c, word)))
    .sort(order);
}

function sortHeader(key, name, title) {
  const sorted = state.sort === key;
  const direction = state.descending ? "descending" : "ascending";
  const turn = () => change({ sort: key, descending: sorted && !state.descending });
  const arrow = sorted ? (state.descending ? " ▾" : " ▴") : "";
  return element("th", { scope: "col", "aria-sort": sorted ? direction : "none" },
    element("button", { type: "button", title, "data-sort": key, onclick: turn }, name + arrow));
}

function drawCells() {
  const cells = shownCells();
  const columns = shownColumns();
  const focused = document.activeElement?.dataset?.sort;
  const headers = [sortHeader("likelihood", "likelihood", ""), sortHeader("beta", "β", ""), sortHeader("seed", "seed", ""),
    ...columns.map((m) => sortHeader(m, axisName(m), DATA.metrics[m].definition))];
  fillTable($("cells"), "Every trained model of the chosen likelihoods", headers, cells.map((c) => [
    element("th", { scope: "row" }, DATA.likelihoods[c.likelihood].name),
    c.model === "ae" ? "autoencoder" : betaName(c.beta),
    String(c.seed),
    ...columns.map((m) => rounded(c.values[m], c.errors[m])),
  ]));
  if (focused) $("cells").querySelector(`[data-sort="${CSS.escape(focused)}"]`)?.focus();
  const all = DATA.cells.filter((c) => c.group === state.group).length;
  $("cells-text").textContent = `${cells.length} of ${all} models; a click on a heading sorts.`;
}

function saveCells() {
  const columns = shownColumns();
  return saveCsv(`${state.group}-models.csv`, [[...KEYS, ...columns],
    ...shownCells().map((c) => [...KEYS.map((k) => c[k]), ...columns.map((m) => c.values[m])])]);
}
