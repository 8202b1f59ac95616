// Brushes on the axes of the parallel coordinates, and their terms of the filter.

import { endText } from "../../browser/brush.js";
import { selection } from "../../browser/selection.js";
import {
  columnOfTerm,
  quoted,
  shortPath,
  splitRange,
  splitTerms,
  splitValues,
} from "../../browser/where.js";

/** @typedef {import("../../browser/types").DrawnPanel} DrawnPanel */
/** @typedef {import("../../browser/types").PlotlyTrace} Dimension */
/** @typedef {[number, number]} Range */
/** @typedef {Range | Range[] | null | undefined} Constraint */

/**
 * An axis: its column, the ends of its values, and the position of "none".
 *
 * @typedef {object} Axis
 * @property {string} column
 * @property {"linear" | "log10" | "slots"} scale
 * @property {string[]} slots
 * @property {number} low
 * @property {number} high
 * @property {number | null} missing
 */

/** Share of an axis: the end of a brush this close to the end of the axis is left open. */
const OPEN_END = 0.01;
const SLOT_HALF = 0.4;
/** Share of a numeric axis: half the brush for "none". */
const NONE_HALF = 0.02;

/**
 * @param {DrawnPanel} panel
 * @param {Dimension} dimension
 * @returns {Axis}
 */
export function axisOf(panel, dimension) {
  return panel.stored.extra.axes.find(
    (/** @type {Axis} */ axis) => axis.column === dimension.name,
  );
}

/**
 * Plotly writes one range as a pair, several as a list of pairs.
 *
 * @param {Constraint} constraint
 * @returns {Range[]}
 */
export function rangesOf(constraint) {
  if (!constraint) return [];
  return /** @type {Range[]} */ (Array.isArray(constraint[0]) ? constraint : [constraint]);
}

/**
 * The term of a brush; null without one, or for a brush over the whole axis.
 *
 * @param {Axis} axis
 * @param {Constraint} constraint
 */
export function brushTerm(axis, constraint) {
  const ranges = rangesOf(constraint);
  const covers = (/** @type {number} */ position) =>
    ranges.some(([low, high]) => low <= position && position <= high);
  const isAbsent = axis.missing !== null && covers(axis.missing);
  const name = shortPath(axis.column);
  if (axis.scale === "slots") {
    const chosen = axis.slots.filter((_, i) => covers(i)).map(quoted);
    if (isAbsent) chosen.push("none");
    return chosen.length ? `${name}=${chosen.join("|")}` : null;
  }
  if (!ranges.length) return null;
  const [low, high] = ranges[0];
  if (high < axis.low) return isAbsent ? `${name}=none` : null;
  const near = OPEN_END * (axis.high - axis.low);
  const first = low <= axis.low + near ? "" : endText(axis.scale, low);
  const last = high >= axis.high - near ? "" : endText(axis.scale, high);
  const isWhole = !first && !last && (axis.missing === null || isAbsent);
  return isWhole ? null : `${name}=${first}..${last}`;
}

/**
 * The positive term of the filter on a column, if there is exactly one.
 *
 * @param {string} column
 */
export function termOn(column) {
  const terms = splitTerms(selection.where).filter((term) => columnOfTerm(term) === column);
  return terms.length === 1 ? terms[0] : null;
}

/**
 * What an axis' brush must become for the filter; undefined when it is that already.
 *
 * @param {DrawnPanel} panel
 * @param {Dimension} dimension
 */
export function wantedConstraint(panel, dimension) {
  const axis = axisOf(panel, dimension);
  const term = termOn(axis.column);
  if (term === brushTerm(axis, dimension.constraintrange)) return undefined;
  return term === null ? null : termConstraint(axis, term);
}

/**
 * The brush for a term; null for a term that matches nothing on the axis.
 *
 * @param {Axis} axis
 * @param {string} term
 * @returns {Constraint}
 */
export function termConstraint(axis, term) {
  const value = term.slice(term.indexOf("=") + 1);
  const ends = splitRange(value);
  if (axis.scale !== "slots" && ends) {
    const low = positionOf(axis, ends[0], axis.low);
    const high = positionOf(axis, ends[1], axis.high);
    return Number.isFinite(low) && Number.isFinite(high) && low < high ? [low, high] : null;
  }
  const wanted = new Set(splitValues(value).map((text) => text.toLowerCase()));
  const positions = axis.slots.flatMap((slot, i) =>
    wanted.has(String(slot).toLowerCase()) ? [i] : [],
  );
  if (wanted.has("none") && axis.missing !== null) positions.unshift(axis.missing);
  const half = axis.scale === "slots" ? SLOT_HALF : NONE_HALF * (axis.high - axis.low);
  const ranges = positions.map((at) => /** @type {Range} */ ([at - half, at + half]));
  if (!ranges.length) return null;
  return ranges.length === 1 ? ranges[0] : ranges;
}

/**
 * Where the end of a range lies on an axis.
 *
 * @param {Axis} axis
 * @param {string} text
 * @param {number} open where an open end lies
 */
function positionOf(axis, text, open) {
  if (text === "") return open;
  return axis.scale === "log10" ? Math.log10(Number(text)) : Number(text);
}
