// The curves: other metrics than the first, and the lines of the selection.

import { make } from "../../browser/elements.js";
import { markers, redrawMarks, thinned } from "../../browser/overlay.js";
import { isChanged, whenDrawn } from "../../browser/panels.js";
import { selection } from "../../browser/selection.js";
import { curve, store } from "../../browser/store.js";

/** @typedef {import("../../browser/types").DrawnPanel} DrawnPanel */
/** @typedef {import("../../browser/types").PlotlyTrace} PlotlyTrace */
/** @typedef {import("../../browser/types").Point} Point */
/** @typedef {(number | null)[]} Values */

/**
 * A metric of the picker: the ends of its axis, and what is drawn of it.
 *
 * @typedef {object} Metric
 * @property {number} low
 * @property {number} high
 * @property {boolean} log
 * @property {Values} middle the interquartile mean over images
 * @property {number[]} runs behind each value of `middle`
 * @property {number | null} baseline what real images measure
 * @property {number | null} target the quality of a stable run; null for other metrics
 * @property {number[][]} density runs in each cell, one row per level
 */

/** @type {Map<string, Float32Array | null>} */
const loaded = new Map();

/** @param {DrawnPanel} panel */
function menuOf(panel) {
  const menu = panel.element.querySelector(".pickers select");
  if (!(menu instanceof HTMLSelectElement)) throw new Error("the curves have no menu of metrics");
  return menu;
}

/**
 * Values of a metric by evaluation row, or null until they are unpacked; then `then` is called.
 *
 * @param {string} metric
 * @param {() => void} then
 */
function valuesOf(metric, then) {
  const values = loaded.get(metric);
  if (values) return values;
  curve(metric).then((unpacked) => {
    loaded.set(metric, unpacked);
    if (unpacked) then();
  });
  return null;
}

/** Lines of matched runs, `extra.most` in all; a partial metric has those of some trials only. */
markers.curves = (panel, runs) => {
  const again = () => redrawMarks(panel);
  const images = valuesOf("images_seen", again);
  const values = valuesOf(menuOf(panel).value, again);
  if (!images || !values) return [];
  const matched = Math.max(runs.length, selection.counts().runs);
  const most = Math.max(1, Math.round((panel.stored.extra.most * runs.length) / matched));
  const lines = thinned(runs, most).map((run) => lineOf(run, images, values));
  return [{ axes: "xy", lines }];
};

/**
 * @param {number} run
 * @param {Float32Array} images
 * @param {Float32Array} values
 */
function lineOf(run, images, values) {
  /** @type {Point[]} */
  const line = [];
  for (let row = store.first[run]; row < store.first[run + 1]; row += 1) {
    line.push([images[row], finiteOrNull(values[row])]);
  }
  return line;
}

/** @param {number} value */
function finiteOrNull(value) {
  return Number.isFinite(value) ? value : null;
}

/**
 * Show another metric: its axis and note come from the picker, its lines from the store.
 *
 * @param {DrawnPanel} panel
 */
async function drawMetric(panel) {
  const name = menuOf(panel).value;
  const [images, values] = await Promise.all([curve("images_seen"), curve(name)]);
  if (!images || !values || name !== menuOf(panel).value) return;
  /** @type {Metric} */
  const metric = panel.stored.extra.metrics[name];
  const roles = panel.frame.data.map((trace) => trace.meta?.role);
  for (const [role, restyled] of Object.entries(METRIC_TRACES)) {
    const indices = roles.flatMap((other, i) => (other === role ? [i] : []));
    if (!indices.length) continue;
    const changes = indices.map((i) => restyled(panel.frame.data[i], metric, images, values));
    /** @type {Record<string, unknown[]>} */
    const update = {};
    for (const key of Object.keys(changes[0])) update[key] = changes.map((change) => change[key]);
    await Plotly.restyle(panel.frame, update, indices);
  }
}

/**
 * What changes in the traces of each role when another metric is shown.
 *
 * @type {Record<string, (trace: PlotlyTrace, metric: Metric, images: Float32Array, values: Float32Array) => Record<string, unknown>>}
 */
const METRIC_TRACES = {
  lines: (trace, _metric, _images, values) => ({ y: rowsOfTrace(trace, values) }),
  leader: (trace, _metric, _images, values) => ({ y: rowsOfTrace(trace, values) }),
  ends: (trace, metric, images, values) => ({
    y: trace.customdata.map((/** @type {number} */ run, /** @type {number} */ i) =>
      endValue(run, trace.x[i], metric, images, values),
    ),
  }),
  middle: (trace, { middle, runs }) => ({
    y: middle,
    ...(trace.text ? { customdata: runs, ...nameAtTheEnd(middle) } : {}),
  }),
  baseline: (_trace, { baseline }) => ({ y: [baseline, baseline] }),
  target: (_trace, { target }) => ({ y: [target, target] }),
  density: (_trace, metric) => ({
    z: metric.density.map((row) => row.map((count) => (count > 0 ? Math.log10(count) : null))),
    customdata: metric.density,
    y: levelEdges(metric, metric.density.length),
  }),
};

/**
 * The values of a trace's points; a gap between runs stays one.
 *
 * @param {PlotlyTrace} trace
 * @param {Float32Array} values
 */
function rowsOfTrace(trace, values) {
  /** @type {number | null} */
  let last = null;
  let row = 0;
  return trace.customdata.map((/** @type {number | null} */ run) => {
    if (run === null) return null;
    row = run === last ? row + 1 : store.first[run];
    last = run;
    return finiteOrNull(values[row]);
  });
}

/**
 * The last finite value up to a run's end, clipped to the axis; its top when there is none.
 *
 * @param {number} run
 * @param {number} end
 * @param {Metric} metric
 * @param {Float32Array} images
 * @param {Float32Array} values
 */
function endValue(run, end, { low, high }, images, values) {
  let last = high;
  for (let row = store.first[run]; row < store.first[run + 1]; row += 1) {
    if (images[row] <= end && Number.isFinite(values[row])) last = values[row];
  }
  return Math.min(high, Math.max(low, last));
}

/**
 * The line's name at its end: above a rising line, below a falling one, clear of it.
 *
 * @param {Values} middle
 */
function nameAtTheEnd(middle) {
  const last = middle.findLastIndex((value) => value !== null);
  const rises = last > 0 && Number(middle[last]) >= Number(middle[last - 1]);
  return {
    text: middle.map((_, i) => (i === last ? "interquartile mean " : "")),
    textposition: rises ? "top left" : "bottom left",
  };
}

/**
 * @param {Metric} metric
 * @param {number} count
 */
function levelEdges({ low, high, log }, count) {
  const [from, to] = log ? [Math.log10(low), Math.log10(high)] : [low, high];
  const edges = Array.from({ length: count + 1 }, (_, i) => from + ((to - from) * i) / count);
  return log ? edges.map((edge) => 10 ** edge) : edges;
}

whenDrawn("curves", (panel) => {
  const menu = menuOf(panel);
  menu.addEventListener("change", () => drawMetric(panel));
  if (isChanged(menu)) drawMetric(panel);
  const count = make("p", { class: "shown-of", "aria-live": "polite" });
  panel.frame.after(count);
  const showCount = () => {
    const most = panel.stored.extra.most;
    const { runs } = selection.counts();
    count.textContent =
      selection.runs === null || runs <= most
        ? ""
        : `Showing the lines of ${most.toLocaleString("en")} of ${runs.toLocaleString("en")} matched runs.`;
  };
  selection.onChange(showCount);
  showCount();
});
