// Small charts side by side: a quantity each, a line a run, as plain SVG that follows the theme.

import { make, shape } from "./elements.js";
import { store } from "./store.js";
import { counted, numberText } from "./words.js";

/** @typedef {import("./types").Line} Line */
/** @typedef {{ width: number, height: number, side: number, top: number, bottom: number }} Box */
/** @typedef {{ low: number, high: number, log: boolean }} Range */
/** @typedef {ReturnType<typeof scalesOf>} Scales */

/**
 * What a chart may be given: the run drawn bold, fixed ends of the axis, the value of real images,
 * and its sizes.
 *
 * @typedef {object} Options
 * @property {number | null} [chosen]
 * @property {[number, number] | null} [fixed]
 * @property {number | null} [baseline]
 * @property {Box} [box]
 */

const CHART = { width: 180, height: 96, side: 5, top: 6, bottom: 6 };

/**
 * The rows of a run as [images, value] pairs; a value is NaN where none was measured.
 *
 * @param {number} run
 * @param {Float32Array} images
 * @param {Float32Array | null} values
 * @returns {[number, number][]}
 */
export function curveOf(run, images, values) {
  if (!values) return [];
  const [first, last] = [store.first[run], store.first[run + 1]];
  return Array.from({ length: last - first }, (_, i) => [images[first + i], values[first + i]]);
}

/**
 * Values before a failure decide the axis, so that an explosion cannot flatten the others.
 *
 * @param {Line[]} lines
 * @param {[number, number] | null} fixed
 * @returns {Range | null}
 */
function rangeOf(lines, fixed) {
  if (fixed) return { low: fixed[0], high: fixed[1], log: false };
  const alive = lines.flatMap(({ points, onset }) =>
    points.filter(([x, y]) => Number.isFinite(y) && (onset === null || x < onset)),
  );
  const usable = alive.length
    ? alive
    : lines.flatMap(({ points }) => points.filter(([, y]) => Number.isFinite(y)));
  if (!usable.length) return null;
  const low = Math.min(...usable.map(([, y]) => y));
  const high = Math.max(...usable.map(([, y]) => y));
  return { low, high, log: low > 0 && high / low > store.study.logFrom };
}

/**
 * Functions from images and values to places in the chart; what lies outside is held inside.
 *
 * @param {Range} range
 * @param {number} budget
 * @param {Box} box
 */
function scalesOf(range, budget, box) {
  const at = range.log ? Math.log : (/** @type {number} */ y) => y;
  const [low, high] = [at(range.low), at(range.high)];
  const room = box.height - box.top - box.bottom;
  const share = (/** @type {number} */ y) => {
    if (high <= low) return 0.5;
    return (at(range.log ? Math.max(y, range.low) : y) - low) / (high - low);
  };
  return {
    x: (/** @type {number} */ images) =>
      box.side + (box.width - 2 * box.side) * Math.min(1, images / budget),
    y: (/** @type {number} */ y) => box.top + room * (1 - Math.max(0, Math.min(1, share(y)))),
  };
}

/**
 * @param {[number, number][]} points
 * @param {Scales} scales
 */
function pathOf(points, scales) {
  let path = "";
  let pen = "M";
  for (const [images, value] of points) {
    if (!Number.isFinite(value)) {
      pen = "M";
      continue;
    }
    path += `${pen}${scales.x(images).toFixed(1)} ${scales.y(value).toFixed(1)}`;
    pen = "L";
  }
  return path;
}

/**
 * The outcome's shape where the run failed, at the last value before that.
 *
 * @param {Line} line
 * @param {Scales} scales
 */
function onsetMark({ points, onset, outcome }, scales) {
  if (onset === null || !store.outcomes[outcome].fails) return [];
  const last = points.filter(([x, y]) => x <= onset && Number.isFinite(y)).at(-1);
  if (!last) return [];
  const [x, y] = [scales.x(onset), scales.y(last[1])];
  return [
    shape("path", {
      d: store.outcomes[outcome].path,
      fill: store.outcomes[outcome].colour,
      transform: `translate(${(x - 5).toFixed(1)} ${(y - 5).toFixed(1)}) scale(.625)`,
    }),
  ];
}

/**
 * One chart, the chosen run's line drawn last; null without a value to draw.
 *
 * @param {string} name
 * @param {Line[]} lines
 * @param {Options} options
 */
export function smallChart(name, lines, options = {}) {
  const { chosen = null, fixed = null, baseline = null, box = CHART } = options;
  const range = rangeOf(lines, fixed);
  if (!range) return null;
  const furthest = Math.max(...lines.flatMap(({ points }) => points.map(([x]) => x)), 1);
  const budget = store.study.budget ?? furthest;
  const scales = scalesOf(range, budget, box);
  const ordered = [...lines].sort((a, b) => Number(a.run === chosen) - Number(b.run === chosen));
  const paths = ordered.map((line) =>
    shape("path", {
      d: pathOf(line.points, scales),
      stroke: store.outcomes[line.outcome].colour,
      class: line.run === chosen || lines.length === 1 ? "line chosen" : "line",
    }),
  );
  const about =
    `${name}: ${counted(lines.length, "run")}, axis from ` +
    `${numberText(range.low)} to ${numberText(range.high)}${range.log ? ", logarithmic" : ""}`;
  const svg = shape("svg", {
    viewBox: `0 0 ${box.width} ${box.height}`,
    role: "img",
    "aria-label": about,
    class: "chart",
  });
  if (baseline !== null && baseline >= range.low && baseline <= range.high) {
    const y = scales.y(baseline);
    const ends = { x1: box.side, x2: box.width - box.side, y1: y, y2: y };
    svg.append(shape("line", { class: "baseline", ...ends }));
  }
  svg.append(...paths, ...ordered.flatMap((line) => onsetMark(line, scales)));
  return { range, svg };
}

/**
 * How many values of the lines are infinite, and how many lie outside the axis, in words.
 *
 * @param {Line[]} lines
 * @param {Range} range
 */
function leftOut(lines, range) {
  const values = lines.flatMap(({ points }) => points.map(([, y]) => y));
  const outside = values.filter((y) => y < range.low || y > range.high).length;
  const infinite = values.filter((y) => !Number.isNaN(y) && !Number.isFinite(y)).length;
  const parts = [];
  if (outside > infinite) parts.push(`${outside - infinite} outside`);
  if (infinite) parts.push(`${infinite} infinite`);
  return parts.join(", ");
}

/**
 * A chart with its name above and the ends of its axis beside it; null without a value to draw.
 *
 * @param {string} name
 * @param {Line[]} lines
 * @param {Options} options
 */
export function multiple(name, lines, options = {}) {
  const chart = smallChart(name, lines, options);
  if (!chart) return null;
  const { low, high, log } = chart.range;
  const note = [log ? "log" : "", leftOut(lines, chart.range)].filter(Boolean).join(", ");
  return make(
    "figure",
    { class: "multiple" },
    make("figcaption", {}, make("b", {}, name), note ? make("small", {}, note) : null),
    make(
      "div",
      { class: "plot" },
      make(
        "div",
        { class: "axis-ends" },
        make("span", {}, numberText(high)),
        make("span", {}, numberText(low)),
      ),
      chart.svg,
    ),
  );
}
