// Marks of the selection on the timeline: the runs' own bars, or their ends among all ends.

import { markers } from "../../browser/overlay.js";
import { store } from "../../browser/store.js";

/**
 * Times in seconds since the search began, by run; the axis is in units of `unit` seconds.
 *
 * @typedef {object} Extra
 * @property {boolean} large whether the figure counts ends instead of drawing one bar per run
 * @property {number} unit
 * @property {(number | null)[]} begin
 * @property {(number | null)[]} end
 * @property {(number | null)[]} lane
 * @property {Record<string, number>} thickness of the bars, by stage
 * @property {number} bin
 * @property {number} bins
 */

/** @typedef {[number, number, number, number]} Rect */

markers.timeline = (panel, runs) => {
  /** @type {Extra} */
  const extra = panel.stored.extra;
  if (extra.large) return [{ axes: "xy2", rects: endsOf(runs, extra) }];
  return [{ axes: "xy", rects: barsOf(runs, extra) }];
};

/**
 * @param {number[]} runs
 * @param {Extra} extra
 */
function barsOf(runs, { unit, begin, end, lane, thickness }) {
  /** @type {Rect[]} */
  const bars = [];
  for (const run of runs) {
    const [from, to, y] = [begin[run], end[run], lane[run]];
    if (typeof from !== "number" || typeof to !== "number" || typeof y !== "number") continue;
    const half = (thickness[store.runs.stage[run]] ?? thickness.explore) / 2;
    bars.push([from / unit, y - half, to / unit, y + half]);
  }
  return bars;
}

/**
 * Matched ends in each bin of time, as a thin bar at the base, not stacked by outcome.
 *
 * @param {number[]} runs
 * @param {Extra} extra
 */
function endsOf(runs, { end, bin, bins, unit }) {
  const counts = new Array(bins).fill(0);
  for (const run of runs) {
    const time = end[run];
    if (typeof time === "number") counts[Math.min(bins - 1, Math.floor(time / bin))] += 1;
  }
  /** @type {Rect[]} */
  const bars = [];
  counts.forEach((count, i) => {
    if (count) bars.push([((i + 0.3) * bin) / unit, 0, ((i + 0.7) * bin) / unit, count]);
  });
  return bars;
}
