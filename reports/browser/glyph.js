// The mark of an outcome.

import { shape } from "./elements.js";
import { store } from "./store.js";

const NO_OUTCOME = { colour: "#8A8A8A", path: "M3 3h10v10H3z" };

/**
 * The shape and colour of an outcome, as the page draws it everywhere.
 *
 * @param {string} outcome
 */
export function glyphOf(outcome) {
  const { colour, path } = store.outcomes[outcome] ?? NO_OUTCOME;
  const svg = shape("svg", { class: "glyph", viewBox: "0 0 16 16", "aria-hidden": "true" });
  svg.append(shape("path", { fill: colour, "fill-rule": "evenodd", d: path }));
  return svg;
}
