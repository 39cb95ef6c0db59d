// The curve against β and the plane of two metrics, linked by what the pointer is on.

const CONFIG = { responsive: true, displaylogo: false, displayModeBar: false, scrollZoom: false };
// The library reads a few tags in its labels; names are no tags.
const plain = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const lineColour = (likelihood) => {
  const own = DATA.likelihoods[likelihood].colour;
  return own === "#222222" && dark.matches ? "#dddddd" : own;
};

// Likelihoods differ in what such a metric counts in: on one axis they only share differences.
const relative = (metric) =>
  metric !== "beta" && DATA.metrics[metric].incomparable && state.likelihoods.length > 1 && state.height !== "value";

// Where a likelihood's own best value lies, the lowest where the metric has no better direction.
function origin(metric, likelihood) {
  if (!relative(metric)) return 0;
  const means = betasOf(state.group, likelihood)
    .filter((beta) => beta > 0)
    .flatMap((beta) => summary(state.group, likelihood, beta, metric)?.mean ?? []);
  return DATA.metrics[metric].better === "higher" ? Math.max(...means) : Math.min(...means);
}

const planeName = (metric) => (relative(metric) ? `Δ ${axisName(metric)}` : axisName(metric));

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
  const title = { text: plain(planeName(metric)) };
  const logarithmic = DATA.metrics[metric].log_scale && values.length && values.every((v) => v > 0);
  return logarithmic ? { type: "log", title, ...logTicks(values) } : { type: "linear", title };
};

// At 1, 2 and 5, or at every digit where the values span less than a decade.
function logTicks(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const digits = high / low < 10 ? [1, 1.5, 2, 3, 4, 5, 6, 8] : [1, 2, 5];
  const powers = Array.from({ length: Math.ceil(Math.log10(high / low)) + 2 }, (_, i) => Math.floor(Math.log10(low)) + i);
  const tickvals = powers.flatMap((power) => digits.map((digit) => Number((digit * 10 ** power).toPrecision(2))));
  return { tickvals, ticktext: tickvals.map((v) => v.toLocaleString("en", { maximumSignificantDigits: 2 })) };
}

function pointText(point) {
  const { criterion } = state;
  const part = (metric, value) =>
    metric === "beta" || !value ? "" : `<br>${plain(DATA.metrics[metric].label)} ${withError(value.mean, value.se)}`;
  const parts = new Map([[criterion, point.criterion], [state.x, point.x], [state.y, point.y]]);
  return `<b>${plain(modelName(point))}</b>` + [...parts].map(([m, v]) => part(m, v)).join("");
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
    line: { color: lineColour(likelihood), width: 1.5, dash: DATA.likelihoods[likelihood].dash },
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
    (state.likelihoods.some((l) => starTrace(l, points).length) ? " Upright stroke: β*, with its interval as a bar." : "") +
    (points.some((p) => p.beta === 0 && p.criterion) && !loss ? " Dotted: the autoencoder." : "") +
    (loss ? " Logarithmic above 1; families measure in different currencies, so only losses share an axis." : "");
  $("plane").setAttribute("aria-label", `Chart of ${axisName(state.y)} against ${axisName(state.x)}, coloured by β; the numbers stand in the table below`);
  const own = [state.x, state.y].filter((m) => m !== "beta" && DATA.metrics[m].incomparable);
  const currencies = relative(own[0] ?? "beta")
    ? " Δ: counted from each likelihood's own best or lowest value, because each has its own currency."
    : " Each likelihood has its own currency here: compare shapes, not heights.";
  $("plane-text").textContent = "Coloured by β, from dark (small) to bright (large)." +
    (own.length && state.likelihoods.length > 1 ? currencies : "");
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
