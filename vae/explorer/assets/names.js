// What the tables hold, and how it is written in print.

const INFINITE = new Map([["inf", Infinity], ["-inf", -Infinity]]);
const DATA = {};
const BETA_NAMES = new Map();

async function readTables() {
  Object.assign(DATA, JSON.parse(await unpack("tables"), (_, value) => INFINITE.get(value) ?? value));
  for (const [beta, name] of DATA.betas) BETA_NAMES.set(beta, name);
}

const betaName = (beta) => BETA_NAMES.get(beta) ?? String(beta);
const groupOf = (name) => DATA.groups.find((group) => group.name === name);
const modelName = ({ likelihood, beta }) =>
  `${DATA.likelihoods[likelihood].name}, ${beta === 0 ? "autoencoder" : `β = ${betaName(beta)}`}`;

// To the digits that the standard error supports, three where there is none.
function rounded(value, se) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!(se > 0)) return minus(Number(value.toPrecision(3)).toString());
  const exponent = Math.floor(Math.log10(se));
  const leading = Math.round(se / 10 ** exponent);
  const digits = -exponent + (leading === 1 ? 1 : 0);
  const scale = 10 ** digits;
  return minus((Math.round(value * scale) / scale + 0).toFixed(Math.max(0, digits)));
}
const minus = (text) => text.replace("-", "−");
const withError = (value, se) =>
  se > 0 ? `${rounded(value, se)} ± ${rounded(se, se)}` : rounded(value);

function axisName(metric) {
  if (metric === "beta") return "β";
  const { label, unit, better } = DATA.metrics[metric];
  const arrow = { higher: " ↑", lower: " ↓", "": "" }[better];
  return label + (unit ? ` (${unit})` : "") + arrow;
}

// Mean over seeds and its standard error of what was measured with every seed, else null.
function summary(group, likelihood, beta, metric) {
  const rows = DATA.cells.filter(
    (c) => c.group === group && c.likelihood === likelihood && c.beta === beta,
  );
  const values = rows.map((c) => c.values[metric]).filter((v) => v !== null && v !== undefined);
  return values.length && values.length === rows.length ? meanAndError(values) : null;
}

function meanAndError(values) {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b) / n;
  const spread = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (n - 1);
  return { mean, se: n > 1 ? Math.sqrt(spread / n) : null, n };
}

const answerOf = (group, likelihood, criterion) =>
  DATA.best.find(
    (r) => r.group === group && r.likelihood === likelihood && r.criterion === criterion,
  );

const members = (row) =>
  row.indistinguishable_betas === null || row.indistinguishable_betas === undefined
    ? null
    : String(row.indistinguishable_betas).split(" ").map(Number);

const criteriaOf = (group) => [
  ...new Set(DATA.best.filter((r) => r.group === group).map((r) => r.criterion)),
];
const metricsOf = (group) => {
  const found = new Set(
    DATA.cells.filter((c) => c.group === group && c.model === "vae").flatMap((c) => Object.keys(c.values)),
  );
  return Object.keys(DATA.metrics).filter((name) => found.has(name));
};
