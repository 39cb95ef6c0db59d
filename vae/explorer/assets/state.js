// What is chosen. All of it stands in the address; what the address says wrongly is ignored.

const state = {};

function defaults(group) {
  const { name, likelihoods } = groupOf(group);
  const criteria = criteriaOf(name);
  const metrics = metricsOf(name);
  const answered = (c) => likelihoods.every((l) => answerOf(name, l, c));
  const criterion = criteria.find(answered) ?? criteria[0] ?? metrics[0];
  const has = (metric, other) => (metrics.includes(metric) ? metric : other);
  const [first] = likelihoods;
  const best = answerOf(name, first, criterion)?.best_beta ?? nearestBeta(name, first, 1);
  const betas = betasOf(name, first);
  return {
    group: name,
    likelihoods: [...likelihoods],
    criterion,
    height: "",
    x: has("rate", "beta"),
    y: has("distortion", metrics[0]),
    a: { likelihood: first, beta: best },
    b: { likelihood: first, beta: betas[betas.length - 1] },
    code: null,
    map: "codes",
    sort: "likelihood",
    descending: false,
    filter: "",
    columns: "few",
  };
}

function betasOf(group, likelihood) {
  const rows = DATA.cells.filter((c) => c.group === group && c.likelihood === likelihood);
  return [...new Set(rows.map((c) => c.beta))].sort((a, b) => a - b);
}

function nearestBeta(group, likelihood, beta) {
  const distance = (b) => (beta === 0 || b === 0 ? (b === beta ? 0 : 1e9) : Math.abs(Math.log(b / beta)));
  return betasOf(group, likelihood).reduce((best, b) => (distance(b) < distance(best) ? b : best));
}

const pinText = ({ likelihood, beta }) => `${likelihood}:${beta}`;

function readPin(text, group) {
  const [, likelihood, beta] = /^(.*):([^:]*)$/.exec(text) ?? [];
  const known = groupOf(group).likelihoods.includes(likelihood);
  return known && betasOf(group, likelihood).includes(Number(beta))
    ? { likelihood, beta: Number(beta) }
    : null;
}

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const group = groupOf(given.get("group")) ? given.get("group") : DATA.groups[0].name;
  Object.assign(state, defaults(group));
  const one = (key, known) => known.includes(given.get(key)) && (state[key] = given.get(key));
  const metrics = metricsOf(group);
  one("criterion", criteriaOf(group));
  one("height", ["value", "loss"]);
  one("x", ["beta", ...metrics]);
  one("y", ["beta", ...metrics]);
  one("map", ["codes", "images"]);
  one("columns", ["few", "all"]);
  if (given.has("likelihoods")) {
    const wanted = given.get("likelihoods").split(",");
    state.likelihoods = groupOf(group).likelihoods.filter((name) => wanted.includes(name));
  }
  for (const key of ["a", "b"]) state[key] = readPin(given.get(key) ?? "", group) ?? state[key];
  const code = (given.get("code") ?? "").split(",").filter(Boolean).map(Number);
  state.code = code.length && code.every(Number.isFinite) ? code : null;
  state.sort = given.get("sort") ?? state.sort;
  state.descending = given.get("order") === "down";
  state.filter = given.get("filter") ?? "";
}

function address() {
  const values = {
    group: state.group,
    likelihoods: state.likelihoods.join(","),
    criterion: state.criterion,
    height: state.height,
    x: state.x,
    y: state.y,
    a: pinText(state.a),
    b: pinText(state.b),
    code: (state.code ?? []).map((v) => Number(v.toFixed(2))).join(","),
    map: state.map,
    sort: state.sort,
    order: state.descending ? "down" : "",
    filter: state.filter,
    columns: state.columns,
  };
  const standard = defaults(state.group);
  const differs = ([key, value]) =>
    value !== "" && (key === "group" || value !== String(key in { a: 1, b: 1 } ? pinText(standard[key]) : standard[key]));
  return "#" + new URLSearchParams(Object.entries(values).filter(differs)).toString();
}

const writeAddress = () => history.replaceState(null, "", address());

// Absolute heights where they mean the same for all that is shown, else losses.
function heightShown() {
  if (!DATA.metrics[state.criterion]?.better) return "value";
  const own = DATA.metrics[state.criterion].incomparable && state.likelihoods.length > 1;
  return state.height || (own ? "loss" : "value");
}
