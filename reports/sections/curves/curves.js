// The curves: other metrics than the first, and the selection's lines over a crowd or a density.

const metricNow = (panel) => panel.element.querySelector(".pickers select").value;
const loaded = new Map();

// Values of a metric by evaluation row, or null until they are unpacked; `then` runs once they are.
function valuesOf(metric, then) {
  if (!loaded.has(metric)) {
    loaded.set(metric, null);
    store.curve(metric).then((values) => loaded.set(metric, values));
  }
  const values = loaded.get(metric);
  if (values === null) store.curve(metric).then((came) => came && then());
  return values;
}

// Lines of the matched runs, at most so many of all; a partial metric has those of chosen trials.
MARKERS.curves = (panel, runs) => {
  const again = () => redrawMarks(panel);
  const images = valuesOf("images_seen", again);
  const values = valuesOf(metricNow(panel), again);
  if (!images || !values) return [];
  const matched = Math.max(runs.length, selection.counts().runs);
  const most = Math.max(1, Math.round((panel.stored.extra.most * runs.length) / matched));
  const lines = thinned(runs, most).map((run) => lineOf(run, images, values));
  return [{ axes: "xy", lines }];
};

function lineOf(run, images, values) {
  const line = [];
  for (let row = store.rows.first[run]; row < store.rows.first[run + 1]; row += 1) {
    line.push([images[row], Number.isFinite(values[row]) ? values[row] : null]);
  }
  return line;
}

// Another metric: its axis and note come from the picker, its lines from the store.
async function drawMetric(panel) {
  const metric = metricNow(panel);
  const [images, values] = await Promise.all([store.curve("images_seen"), store.curve(metric)]);
  if (!values || metric !== metricNow(panel)) return;
  const told = panel.stored.extra.metrics[metric];
  const roles = panel.frame.data.map((trace) => trace.meta?.role);
  for (const [role, restyled] of Object.entries(METRIC_TRACES)) {
    const places = roles.flatMap((one, i) => (one === role ? [i] : []));
    if (!places.length) continue;
    const all = places.map((i) => restyled(panel.frame.data[i], told, images, values, panel));
    const update = {};
    for (const key of Object.keys(all[0])) update[key] = all.map((one) => one[key]);
    await Plotly.restyle(panel.frame, update, places);
  }
}

// What changes in the traces of each role when another metric is shown.
const METRIC_TRACES = {
  lines: (trace, told, images, values) => ({ y: rowsOfTrace(trace, values) }),
  leader: (trace, told, images, values) => ({ y: rowsOfTrace(trace, values) }),
  ends: (trace, told, images, values) => ({
    y: trace.customdata.map((run, i) => endValue(run, trace.x[i], told, images, values)),
  }),
  middle: (trace, told) => ({
    y: told.middle,
    ...(trace.text ? { customdata: told.runs, ...nameAtTheEnd(told.middle) } : {}),
  }),
  baseline: (trace, told) => ({ y: [told.baseline, told.baseline] }),
  density: (trace, told) => ({
    z: told.density.map((row) => row.map((count) => (count > 0 ? Math.log10(count) : null))),
    customdata: told.density,
    y: levelEdges(told, told.density.length),
  }),
};

// The values of a trace's points, a gap (no run) staying one.
function rowsOfTrace(trace, values) {
  let [last, row] = [null, 0];
  return trace.customdata.map((run) => {
    if (run === null) return null;
    row = run === last ? row + 1 : store.rows.first[run];
    last = run;
    return Number.isFinite(values[row]) ? values[row] : null;
  });
}

// The last finite value up to a run's end, held inside the axis; its top when there is none.
function endValue(run, end, told, images, values) {
  let found = told.high;
  for (let row = store.rows.first[run]; row < store.rows.first[run + 1]; row += 1) {
    if (images[row] <= end && Number.isFinite(values[row])) found = values[row];
  }
  return Math.min(told.high, Math.max(told.low, found));
}

// The line's name at its end: above a rising line, below a falling one, so that it stands clear.
function nameAtTheEnd(middle) {
  const last = middle.findLastIndex((value) => value !== null);
  const rises = last > 0 && middle[last] >= middle[last - 1];
  return {
    text: middle.map((_, i) => (i === last ? "interquartile mean " : "")),
    textposition: rises ? "top left" : "bottom left",
  };
}

function levelEdges({ low, high, log }, count) {
  const [from, to] = log ? [Math.log10(low), Math.log10(high)] : [low, high];
  const edges = Array.from({ length: count + 1 }, (_, i) => from + ((to - from) * i) / count);
  return log ? edges.map((edge) => 10 ** edge) : edges;
}

// How many of the selection's lines are drawn, said beneath the figure.
function showLineCount(panel) {
  panel.lineCount ??= panel.element.querySelector(".frame").insertAdjacentElement(
    "afterend", make("p", { class: "shown-of", "aria-live": "polite" }));
  const { most } = panel.stored.extra;
  const { runs } = selection.counts();
  const few = selection.runs === null || runs <= most;
  panel.lineCount.textContent = few ? ""
    : `Showing the lines of ${most.toLocaleString("en")} of ${runs.toLocaleString("en")} matched runs.`;
}

STARTERS.push(() => {
  const element = document.querySelector("[data-panel=curves]");
  element?.addEventListener("drawn", ({ detail: panel }) => {
    const menu = panel.element.querySelector(".pickers select");
    menu.addEventListener("change", () => drawMetric(panel));
    if (menu.value !== menu.querySelector("[selected]")?.value) drawMetric(panel);
    selection.onChange(() => showLineCount(panel));
    showLineCount(panel);
  });
});
