// Where trials lie on the binned figure of what stability costs: Python computed the positions.

import { markers } from "../../browser/overlay.js";
import { store } from "../../browser/store.js";

/** @typedef {{ trial: number[], x: number[], y: number[] }} Extra */
/** @typedef {import("../../browser/types").Point} Point */

/** @type {Map<number, Point> | null} */
let positions = null;

markers.cost = (panel, runs) => {
  positions ??= positionsOf(panel.stored.extra);
  const trials = new Set(runs.map((run) => store.runs.trial[run]));
  /** @type {Point[]} */
  const points = [];
  for (const trial of trials) {
    const point = positions.get(trial);
    if (point) points.push(point);
  }
  return [{ axes: "xy", points, neutral: true }];
};

/**
 * @param {Extra} extra
 * @returns {Map<number, Point>}
 */
function positionsOf({ trial, x, y }) {
  return new Map(trial.map((number, i) => [number, [x[i], y[i]]]));
}
