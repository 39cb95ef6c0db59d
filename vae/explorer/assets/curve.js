// The criterion against β: as measured, or as what each likelihood loses against its own best β.

const LOSS_TICKS = [0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000];
const lossName = () => {
  const { label, unit } = DATA.metrics[state.criterion];
  return `loss in ${label}` + (unit ? ` (${unit})` : "");
};
const squeezed = (loss) => Math.log10(1 + loss);

// Positive: worse than the best of its likelihood.
function lossOf(point, points) {
  const sign = DATA.metrics[state.criterion].better === "higher" ? -1 : 1;
  const own = points.filter((p) => p.likelihood === point.likelihood && p.beta > 0 && p.criterion);
  return sign * point.criterion.mean - Math.min(...own.map((p) => sign * p.criterion.mean));
}

// Standard error of the loss: differences are paired within a seed.
function lossError({ likelihood, beta }) {
  const best = answerOf(state.group, likelihood, state.criterion)?.best_beta;
  if (best === undefined || beta === best) return 0;
  const values = (b) => new Map(DATA.cells
    .filter((c) => c.group === state.group && c.likelihood === likelihood && c.beta === b)
    .map((c) => [c.seed, c.values[state.criterion]]));
  const [own, other] = [values(beta), values(best)];
  return meanAndError([...own].map(([seed, value]) => value - other.get(seed))).se ?? 0;
}

function errorBars(own, points) {
  const bars = { thickness: 1, width: 3 };
  if (heightShown() !== "loss") return { ...bars, array: own.map((p) => p.criterion.se ?? 0) };
  const ends = own.map((p) => [lossOf(p, points), lossError(p)]);
  return {
    ...bars,
    array: ends.map(([loss, se]) => squeezed(loss + se) - squeezed(loss)),
    arrayminus: ends.map(([loss, se]) => squeezed(loss) - squeezed(Math.max(0, loss - se))),
  };
}

function heightOf(point, points) {
  return heightShown() === "loss" ? squeezed(lossOf(point, points)) : point.criterion.mean;
}

function curveTrace(likelihood, points) {
  const row = answerOf(state.group, likelihood, state.criterion);
  const set = (row && members(row)) ?? [];
  const own = points.filter((p) => p.likelihood === likelihood && p.beta > 0 && p.criterion);
  const { name, symbol } = DATA.likelihoods[likelihood];
  const lost = (p) => (heightShown() === "loss" ? `<br>loss ${withError(lossOf(p, points), lossError(p))}` : "");
  return {
    name: plain(name),
    x: own.map((p) => p.beta),
    y: own.map((p) => heightOf(p, points)),
    error_y: errorBars(own, points),
    customdata: own,
    text: own.map((p) => pointText(p) + lost(p)),
    hoverinfo: "text",
    mode: "lines+markers",
    line: { color: lineColour(likelihood), width: 2, dash: DATA.likelihoods[likelihood].dash },
    marker: {
      color: lineColour(likelihood),
      symbol: own.map((p) => (set.includes(p.beta) || p.beta === row?.best_beta ? symbol : `${symbol}-open`)),
      size: own.map((p) => (p.beta === row?.best_beta ? 16 : 9)),
      line: { width: 1.5, color: own.map((p) => (set.includes(p.beta) ? colour("ink") : lineColour(likelihood))) },
    },
  };
}

// β* between the trained βs, with its interval, where the tables have one.
function starTrace(likelihood, points) {
  const row = answerOf(state.group, likelihood, state.criterion);
  if (!(row?.beta_star > 0)) return [];
  const best = points.find((p) => p.likelihood === likelihood && p.beta === row.best_beta);
  if (!best?.criterion) return [];
  const { betas } = groupOf(state.group);
  const { beta_star: star } = row;
  const within = (beta) => clamp(beta, betas[0], betas[betas.length - 1]); // it may lie beyond the grid
  const reach = typeof row.beta_star_high === "number";
  const [low, high] = [row.beta_star_low, row.beta_star_high].map(within);
  return [{
    x: [star],
    y: [heightOf(best, points)],
    ...(reach && { error_x: { array: [high - star], arrayminus: [star - low], thickness: 5, width: 0, color: lineColour(likelihood) + "66" } }),
    text: [`<b>${plain(DATA.likelihoods[likelihood].name)}</b><br>β* ${plain(row.words["β*"] ?? rounded(star))}`],
    hoverinfo: "text",
    mode: "markers",
    marker: { symbol: "line-ns-open", size: 18, color: colour("ink"), line: { width: 2 } },
  }];
}

function autoencoderShapes(points) {
  if (heightShown() === "loss") return [];
  return points.filter((p) => p.beta === 0 && p.criterion).map((p) => ({
    type: "line", xref: "paper", x0: 0, x1: 1, y0: p.criterion.mean, y1: p.criterion.mean,
    line: { color: lineColour(p.likelihood), width: 1.5, dash: "dot" },
  }));
}
