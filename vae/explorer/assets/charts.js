// The curve against β and the plane of two metrics, linked by what the pointer is on.

const CONFIG = { responsive: true, displaylogo: false, displayModeBar: false, scrollZoom: false };
// The library reads a few tags in its labels; names are no tags.
const plain = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const lineColour = (likelihood) => {
  const own = DATA.likelihoods[likelihood].colour;
  return own === "#222222" && dark.matches ? "#dddddd" : own;
};
const LOSS_TICKS = [0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000];
const lossName = () => {
  const { label, unit } = DATA.metrics[state.criterion];
  return `loss in ${label}` + (unit ? ` (${unit})` : "");
};
const squeezed = (loss) => Math.log10(1 + loss);

// Likelihoods differ in what such a metric counts in: on one axis they only share differences.
const relative = (metric) =>
  metric !== "beta" && DATA.metrics[metric].own_currency && state.likelihoods.length > 1 && state.height !== "value";

// Where a likelihood's own best value lies, the lowest where the metric has no better direction.
function origin(metric, likelihood) {
  if (!relative(metric)) return 0;
  const means = betasOf(state.group, likelihood)
    .filter((beta) => beta > 0)
    .flatMap((beta) => summary(state.group, likelihood, beta, metric)?.mean ?? []);
  return DATA.metrics[metric].better === "higher" ? Math.max(...means) : Math.min(...means);
}

const planeName = (metric) =>
  relative(metric)
    ? `${DATA.metrics[metric].label} from its own ${DATA.metrics[metric].better === "higher" ? "highest" : "lowest"} (${DATA.metrics[metric].unit})`
    : axisName(metric);

// A row per likelihood and β with what both charts show of it.
function shownPoints() {
  const { group, criterion, x, y } = state;
  const coordinate = (metric, likelihood, beta) => {
    if (metric === "beta") return { mean: beta, se: null, at: beta };
    const value = summary(group, likelihood, beta, metric);
    return value && { ...value, at: value.mean - origin(metric, likelihood) };
  };
  return state.likelihoods.flatMap((likelihood) =>
    betasOf(group, likelihood).map((beta) => ({
      likelihood,
      beta,
      criterion: summary(group, likelihood, beta, criterion),
      x: beta === 0 && x === "beta" ? null : coordinate(x, likelihood, beta),
      y: beta === 0 && y === "beta" ? null : coordinate(y, likelihood, beta),
    })),
  );
}

function layout(more) {
  const axis = {
    gridcolor: colour("grid"),
    linecolor: colour("line"),
    tickcolor: colour("line"),
    zeroline: false,
    automargin: true,
    showline: true,
    ticks: "outside",
  };
  const { xaxis, yaxis, ...rest } = more;
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: colour("ink"), family: "inherit", size: 13 },
    margin: { l: 8, r: 12, t: 8, b: 8 },
    hovermode: "closest",
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("ink") } },
    showlegend: false,
    dragmode: false,
    xaxis: { ...axis, ...xaxis },
    yaxis: { ...axis, ...yaxis },
    ...rest,
  };
}

const betaAxis = () => ({
  type: "log",
  title: { text: "β" },
  tickvals: groupOf(state.group).betas,
  ticktext: groupOf(state.group).betas.map(betaName),
});
const metricAxis = (metric, values) => {
  if (metric === "beta") return betaAxis();
  const logarithmic = DATA.metrics[metric].log_scale && values.every((v) => v > 0);
  return { type: logarithmic ? "log" : "linear", title: { text: plain(planeName(metric)) } };
};

function pointText(point) {
  const { criterion } = state;
  const part = (metric, value) =>
    metric === "beta" || !value ? "" : `<br>${plain(DATA.metrics[metric].label)} ${withError(value.mean, value.se)}`;
  const parts = new Map([[criterion, point.criterion], [state.x, point.x], [state.y, point.y]]);
  return `<b>${plain(modelName(point))}</b>` + [...parts].map(([m, v]) => part(m, v)).join("");
}

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
    line: { color: lineColour(likelihood), width: 2 },
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
  const { beta_star: star, beta_star_low: low, beta_star_high: high } = row;
  const reach = low > 0 && high > 0 ? ` [${rounded(low)}, ${rounded(high)}]` : "";
  return [{
    x: [star],
    y: [heightOf(best, points)],
    error_x: reach && { array: [high - star], arrayminus: [star - low], thickness: 5, width: 0, color: lineColour(likelihood) + "66" },
    text: [`<b>${plain(DATA.likelihoods[likelihood].name)}</b><br>β* = ${rounded(star)}${reach}`],
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

const planeTrace = (likelihood, points) => {
  const own = points.filter((p) => p.likelihood === likelihood && p.beta > 0 && p.x && p.y);
  const logs = groupOf(state.group).betas.map((b) => Math.log2(b));
  return {
    name: plain(DATA.likelihoods[likelihood].name),
    x: own.map((p) => p.x.at),
    y: own.map((p) => p.y.at),
    customdata: own,
    text: own.map(pointText),
    hoverinfo: "text",
    mode: "lines+markers",
    line: { color: lineColour(likelihood), width: 1.5 },
    marker: {
      color: own.map((p) => Math.log2(p.beta)),
      cmin: Math.min(...logs),
      cmax: Math.max(...logs),
      colorscale: "Viridis",
      symbol: DATA.likelihoods[likelihood].symbol,
      size: 11,
      line: { color: lineColour(likelihood), width: 1.5 },
    },
  };
};

const betaColours = () => {
  const { betas } = groupOf(state.group);
  return {
    x: [null], y: [null], mode: "markers", hoverinfo: "skip",
    marker: {
      color: [0], showscale: true, colorscale: "Viridis",
      cmin: Math.log2(betas[0]), cmax: Math.log2(betas[betas.length - 1]),
      colorbar: {
        title: { text: "β" }, thickness: 12, outlinewidth: 0,
        tickvals: betas.map((b) => Math.log2(b)), ticktext: betas.map(betaName),
      },
    },
  };
};

const ring = () => ({
  x: [], y: [], mode: "markers", hoverinfo: "skip",
  marker: { symbol: "circle-open", size: 24, color: colour("ink"), line: { width: 2.5 } },
});

// The pinned models, in both charts.
const pinTrace = (points, place) => {
  const pins = ["a", "b"].flatMap((key) => {
    const point = points.find((p) => p.likelihood === state[key].likelihood && p.beta === state[key].beta);
    const at = point && place(point);
    return at ? [{ key, at }] : [];
  });
  return {
    x: pins.map((p) => p.at[0]),
    y: pins.map((p) => p.at[1]),
    text: pins.map((p) => (p.key === "a" ? "<b>A</b>  " : "  <b>B</b>")),
    textposition: pins.map((p) => (p.key === "a" ? "middle left" : "middle right")),
    textfont: { size: 16, color: pins.map((p) => colour(p.key)) },
    mode: "markers+text",
    hoverinfo: "skip",
    cliponaxis: false,
    marker: { symbol: "circle-open", size: 22, color: pins.map((p) => colour(p.key)), line: { width: 3 } },
  };
};

function drawCharts() {
  const points = shownPoints();
  const loss = heightShown() === "loss";
  const curve = state.likelihoods.map((name) => curveTrace(name, points));
  const stars = state.likelihoods.flatMap((name) => starTrace(name, points));
  const onCurve = (p) => p.beta > 0 && p.criterion && [p.beta, heightOf(p, points)];
  const title = plain(axisName(state.criterion));
  const yaxis = loss
    ? { title: { text: plain(lossName()) }, tickvals: LOSS_TICKS.map(squeezed), ticktext: LOSS_TICKS.map(String) }
    : { ...metricAxis(state.criterion, curve.flatMap((t) => t.y)), title: { text: title } };
  Plotly.react($("curve"), [...curve, ...stars, pinTrace(points, onCurve), ring()], layout({
    xaxis: betaAxis(), yaxis, shapes: autoencoderShapes(points),
  }), CONFIG);

  const plane = state.likelihoods.map((name) => planeTrace(name, points));
  const onPlane = (p) => p.beta > 0 && p.x && p.y && [p.x.at, p.y.at];
  Plotly.react($("plane"), [...plane, betaColours(), pinTrace(points, onPlane), ring()], layout({
    xaxis: metricAxis(state.x, plane.flatMap((t) => t.x)),
    yaxis: metricAxis(state.y, plane.flatMap((t) => t.y)),
  }), CONFIG);
  describeCharts(points);
}

function describeCharts(points) {
  const count = points.filter((p) => p.beta > 0 && p.criterion).length;
  const label = DATA.metrics[state.criterion].label;
  const loss = heightShown() === "loss";
  $("curve-title").textContent = loss ? `${label}: what each likelihood loses against its own best β` : `${label} against β`;
  $("curve").setAttribute("aria-label", `Chart of ${label} against β: ${count} points, a line per likelihood; their numbers stand in the table below`);
  $("curve-text").textContent =
    "Large: the best β. Filled: cannot be told from it at 95 %. Hollow: told from it, or too few seeds to say." +
    (points.some((p) => p.beta === 0 && p.criterion) && !loss ? " Dotted: the autoencoder." : "") +
    (loss ? " Logarithmic above 1; families measure in different currencies, so only losses share an axis." : "");
  $("plane").setAttribute("aria-label", `Chart of ${axisName(state.y)} against ${axisName(state.x)}, coloured by β; the numbers stand in the table below`);
  const own = [state.x, state.y].filter((m) => m !== "beta" && DATA.metrics[m].own_currency);
  $("plane-text").textContent = "Coloured by β, from dark (small) to bright (large)." + (own.length && state.likelihoods.length > 1
    ? ` In ${own.map((m) => DATA.metrics[m].label).join(" and ")} each likelihood has its own currency: compare shapes, not heights.`
    : "");
}

function linkCharts() {
  const charts = [$("curve"), $("plane")];
  const mark = (point) => {
    const points = shownPoints();
    const same = point && points.find((p) => p.likelihood === point.likelihood && p.beta === point.beta);
    const places = [
      same?.beta > 0 && same.criterion && [same.beta, heightOf(same, points)],
      same?.x && same.y && [same.x.at, same.y.at],
    ];
    charts.forEach((chart, i) => {
      const at = places[i] || [];
      Plotly.restyle(chart, { x: [at.slice(0, 1)], y: [at.slice(1)] }, [chart.data.length - 1]);
    });
  };
  for (const chart of charts) {
    chart.on("plotly_hover", ({ points: [p] }) => p.customdata && mark(p.customdata));
    chart.on("plotly_unhover", () => mark(null));
    chart.on("plotly_click", ({ points: [p] }) => {
      if (!p.customdata) return;
      const { likelihood, beta } = p.customdata;
      change({ [document.querySelector("input[name=pinning]:checked").value]: { likelihood, beta } });
    });
  }
}
