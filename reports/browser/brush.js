// A drag writes the range of each axis it crossed into the filter; its outline stays as the brush.

import { selection } from "./selection.js";
import { quoted, shortPath, withTerms } from "./where.js";
import { termNumber } from "./words.js";

/** @typedef {import("./types").Panel} Panel */

/** @param {Panel} panel */
export function connectBrush(panel) {
  if (!Object.keys(panel.brush).length) return;
  panel.frame.on("plotly_selected", () => {
    const drawn = panel.frame.layout.selections?.at(-1);
    if (!drawn) return;
    const terms = [
      termOf(panel.brush[drawn.xref], drawn.x0, drawn.x1),
      termOf(panel.brush[drawn.yref], drawn.y0, drawn.y1),
    ].filter((term) => term !== null);
    if (!terms.length) return;
    panel.written = withTerms(selection.where, terms);
    selection.addTerms(terms);
  });
}

/**
 * The term for a range of an axis; null for an axis without a column, or no slot in the range.
 *
 * @param {import("./types").Brush | undefined} brush
 * @param {number | undefined} first
 * @param {number} last
 */
function termOf(brush, first, last) {
  if (!brush || first === undefined) return null;
  const [low, high] = [Math.min(first, last), Math.max(first, last)];
  const name = shortPath(brush.column);
  if (brush.scale === "slots") {
    const inside = brush.slots.filter((_, i) => i >= low && i <= high);
    return inside.length ? `${name}=${inside.map(quoted).join("|")}` : null;
  }
  return `${name}=${endText(brush.scale, low)}..${endText(brush.scale, high)}`;
}

/**
 * The end of a range as a term holds it, from its position on an axis.
 *
 * @param {string} scale
 * @param {number} position
 */
export function endText(scale, position) {
  return termNumber(scale === "log10" ? 10 ** position : position);
}

/**
 * A brush whose terms are gone from the filter loses its outline too.
 *
 * @param {Panel} panel
 */
export function dropOldBrush(panel) {
  if (panel.written === undefined || panel.written === selection.where) return;
  panel.written = undefined;
  Plotly.relayout(panel.frame, { selections: [] });
}
