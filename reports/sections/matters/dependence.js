// Selected runs over the means along every parameter: at their value, as high as their score.

import { markers, placer, TURN_ACROSS, thinned } from "../../browser/overlay.js";
import { store } from "../../browser/store.js";

/** @typedef {import("../../browser/types").Point} Point */

const MOST_SCORES = 300;
/** Above this number points are dots: glyphs would hide each other. */
const MOST_GLYPHS = 60;

markers.dependence = (panel, runs) => {
  const drawn = thinned(runs, MOST_SCORES);
  return Object.entries(panel.brush).map(([axis, brush]) => {
    const at = placer(brush, TURN_ACROSS);
    const points = drawn
      .map((run) => /** @type {Point} */ ([at(run), store.runs.score[run]]))
      .filter((point) => point.every(Number.isFinite));
    return { axes: `${axis}y${axis.slice(1)}`, points, neutral: drawn.length > MOST_GLYPHS };
  });
};
