// Parallel coordinates: grey lines by WebGL; those that match the filter are drawn above them in the
// colour of their verdict, which is fast even without a graphics card. A brush writes a term of the
// filter.

import { hideCard, showCard } from "../../browser/card.js";
import { make, shape } from "../../browser/elements.js";
import { newLayer } from "../../browser/overlay.js";
import { whenDrawn } from "../../browser/panels.js";
import { selection } from "../../browser/selection.js";
import { columnOf, runsOf, store, valueIn } from "../../browser/store.js";
import { withoutColumns, withTerms } from "../../browser/where.js";
import {
  axisOf,
  brushTerm,
  rangesOf,
  termConstraint,
  termOn,
  wantedConstraint,
} from "./brushes.js";

/** @typedef {import("../../browser/types").DrawnPanel} DrawnPanel */
/** @typedef {import("./brushes").Dimension} Dimension */
/** @typedef {{ l: number, t: number, w: number, h: number }} Size of the plot, as Plotly has it */

const FOLLOW_MILLISECONDS = 400;
const NEAR = "400px";
/** From this many lines on the grey is lighter. */
const MANY_LINES = 200;

const state = {
  /** @type {number[][]} The runs of each line. */
  groups: [],
  /** Columns whose axes have a brush. */
  constrained: new Set(),
  isNear: false,
  /** Whether the brushes are older than the filter. */
  isLate: false,
  due: 0,
  /** How many of the lines match, in words beneath the figure. */
  count: make("p", { class: "note", role: "status" }),
};

whenDrawn("parallel", (panel) => {
  connectParallel(panel);
  greyLines(panel).then(() => followFilter(panel));
});

/** @param {DrawnPanel} panel */
function connectParallel(panel) {
  const { frame } = panel;
  state.groups = lineGroups(panel.stored.extra.runs);
  panel.element.append(state.count);
  frame.on("plotly_restyle", (event) => {
    // The event of a brush names its constraint alone; that of a moved axis names none.
    const changed = Object.keys(event?.[0] ?? {});
    if (changed.length === 1 && changed[0].endsWith("constraintrange")) writeBrushes(panel);
    drawChosen(panel);
  });
  frame.on("plotly_afterplot", () => drawChosen(panel));
  connectLines(panel);
  selection.onChange((isFiltered) => {
    drawChosen(panel);
    if (isFiltered) followSoon(panel);
  });
  const grey = () => greyLines(panel);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", grey);
  const theme = { attributeFilter: ["data-theme"] };
  new MutationObserver(grey).observe(document.documentElement, theme);
  new IntersectionObserver(
    (entries) => {
      state.isNear = entries.at(-1)?.isIntersecting ?? false;
      if (state.isLate) followSoon(panel);
    },
    { rootMargin: NEAR },
  ).observe(panel.element);
}

/**
 * The runs of each line: those of its trial with the same verdict.
 *
 * @param {number[]} runs one a line
 */
function lineGroups(runs) {
  const { trial, outcome } = store.runs;
  return runs.map((run) => runsOf(trial[run]).filter((it) => outcome[it] === outcome[run]));
}

/** @param {DrawnPanel} panel */
function followSoon(panel) {
  // Out of sight the brushes wait, in sight they let the other figures update first: to move one, WebGL
  // draws all lines again, which without a graphics card takes longer than everything else.
  state.isLate = !state.isNear;
  clearTimeout(state.due);
  if (!state.isLate) state.due = setTimeout(() => followFilter(panel), FOLLOW_MILLISECONDS);
}

/**
 * Move brushes that the filter has dropped or moved; terms without a brush are marks in the overlay.
 *
 * @param {DrawnPanel} panel
 */
async function followFilter(panel) {
  /** @type {Record<string, unknown>} */
  const update = {};
  dimensionsOf(panel).forEach((dimension, i) => {
    if (!dimension.constraintrange) return;
    const wanted = wantedConstraint(panel, dimension);
    if (wanted !== undefined) update[`dimensions[${i}].constraintrange`] = [wanted];
  });
  if (Object.keys(update).length) await Plotly.restyle(panel.frame, update, [0]);
  state.constrained = constrainedColumns(panel);
}

/**
 * @param {DrawnPanel} panel
 * @returns {Dimension[]}
 */
function dimensionsOf(panel) {
  return panel.frame.data[0].dimensions;
}

/**
 * Update the filter's terms after a brush was set or cleared.
 *
 * @param {DrawnPanel} panel
 */
function writeBrushes(panel) {
  const terms = [];
  const freed = [];
  for (const dimension of dimensionsOf(panel)) {
    const axis = axisOf(panel, dimension);
    const term = brushTerm(axis, dimension.constraintrange);
    if (term === termOn(axis.column)) continue;
    if (term) terms.push(term);
    // Only a brush that is gone frees its column: other terms have no brush to lose.
    else if (!dimension.constraintrange && state.constrained.has(axis.column)) {
      freed.push(axis.column);
    }
  }
  state.constrained = constrainedColumns(panel);
  selection.set({ where: withTerms(withoutColumns(selection.where, freed), terms) });
}

/** @param {DrawnPanel} panel */
function constrainedColumns(panel) {
  const brushed = dimensionsOf(panel).filter((it) => it.constraintrange);
  return new Set(brushed.map((it) => it.name));
}

// Lines above the grey ones.

/**
 * The matched lines in their verdict's colour and the selected trial's, above the grey ones.
 *
 * @param {DrawnPanel} panel
 */
function drawChosen(panel) {
  const size = panel.frame._fullLayout?._size;
  if (!size) return;
  const layer = panel.overlay ?? newLayer(panel);
  // Above the lines drawn by WebGL, beneath the labels of the axes.
  panel.frame.querySelector(".gl-container")?.append(layer);
  panel.frame.toggleAttribute("data-brushed", selection.runs !== null);
  layer.replaceChildren(
    ...matchedLines(panel, size),
    filterRanges(panel, size),
    selectedLines(panel, size),
  );
  showCount();
}

/**
 * One path per outcome: a thousand lines are as fast as ten.
 *
 * @param {DrawnPanel} panel
 * @param {Size} size
 */
function matchedLines(panel, size) {
  const mask = selection.runs;
  if (mask === null) return [];
  /** @type {{ outcomes: string[], of: number[] }} */
  const { outcomes, of } = panel.stored.extra;
  /** @type {string[][]} */
  const paths = outcomes.map(() => []);
  const along = dimensionsOf(panel).map((dimension) => sharesAlong(panel, dimension));
  state.groups.forEach((group, line) => {
    if (!group.some((run) => mask[run])) return;
    const shares = along.map((ofLine) => ofLine[line]);
    paths[of[line] - 1].push(lineAcross(shares, size));
  });
  return outcomes.map((outcome, i) => {
    const style = `color:${store.outcomes[outcome].colour}`;
    const group = shape("g", { class: "matched", style });
    if (paths[i].length) group.append(shape("path", { class: "line", d: paths[i].join("") }));
    return group;
  });
}

/**
 * The filter's terms as marks along their axes, where no brush shows them.
 *
 * @param {DrawnPanel} panel
 * @param {Size} size
 */
function filterRanges(panel, { l, t, w, h }) {
  const group = shape("g", { class: "ranges" });
  const dimensions = dimensionsOf(panel);
  dimensions.forEach((dimension, i) => {
    const axis = axisOf(panel, dimension);
    const term = dimension.constraintrange ? null : termOn(axis.column);
    if (term === null) return;
    const x = l + (w * i) / Math.max(1, dimensions.length - 1) - 3;
    for (const ends of rangesOf(termConstraint(axis, term))) {
      const [below, y] = ends.map((end) => t + h * (1 - shareOf(dimension, end)));
      const height = Math.max(2, below - y);
      group.append(shape("rect", { x, y, width: 6, height }));
    }
  });
  return group;
}

/**
 * The selected trial's lines, one for each of its verdicts.
 *
 * @param {DrawnPanel} panel
 * @param {Size} size
 */
function selectedLines(panel, size) {
  const runs = selection.trial === null ? [] : runsOf(selection.trial);
  /** @type {Map<string, number>} */
  const ends = new Map();
  for (const run of runs) {
    if (!ends.has(store.runs.outcome[run])) ends.set(store.runs.outcome[run], run);
  }
  const group = shape("g", { class: "selected" });
  for (const run of ends.values()) {
    const shares = dimensionsOf(panel).map((dimension) => shareAlong(panel, dimension, run));
    group.append(shape("path", { class: "line", d: lineAcross(shares, size) }));
  }
  return group;
}

/**
 * A line across all axes, from how far up each it lies.
 *
 * @param {number[]} shares
 * @param {Size} size
 */
function lineAcross(shares, { l, t, w, h }) {
  const across = w / Math.max(1, shares.length - 1);
  const points = shares.map(
    (share, i) => `${(l + across * i).toFixed(1)},${(t + h * (1 - share)).toFixed(1)}`,
  );
  return `M${points.join("L")}`;
}

/**
 * How far up an axis a position lies, from 0 to 1.
 *
 * @param {Dimension} dimension
 * @param {number} position
 */
function shareOf({ range: [low, high] }, position) {
  return Math.max(0, Math.min(1, (position - low) / (high - low)));
}

/**
 * How far up an axis every line lies, spread within its slot as WebGL draws it.
 *
 * @param {DrawnPanel} panel
 * @param {Dimension} dimension
 * @returns {number[]}
 */
function sharesAlong(panel, dimension) {
  const full = panel.frame._fullData?.[0].dimensions;
  const drawn = full.find((/** @type {Dimension} */ { name }) => name === dimension.name);
  const [low, high] = dimension.range;
  return Array.from(drawn.values, (position) => (position - low) / (high - low));
}

/**
 * How far up an axis a run lies.
 *
 * @param {DrawnPanel} panel
 * @param {Dimension} dimension
 * @param {number} run
 */
function shareAlong(panel, dimension, run) {
  const axis = axisOf(panel, dimension);
  const column = columnOf(axis.column);
  const value = column ? valueIn(column, run) : null;
  if (value === null) return shareOf(dimension, axis.missing ?? dimension.range[0]);
  if (axis.scale === "slots") {
    const slot = axis.slots.findIndex((name) => String(name) === String(value));
    return shareOf(dimension, slot);
  }
  return shareOf(dimension, axis.scale === "log10" ? Math.log10(Number(value)) : Number(value));
}

function showCount() {
  const mask = selection.runs;
  const { groups, count } = state;
  const matching = groups.filter((group) => group.some((run) => mask?.[run])).length;
  const [some, all] = [matching, groups.length].map((it) => it.toLocaleString("en"));
  count.textContent = mask ? `${some} of the ${all} lines drawn match the filter.` : "";
}

// Colours.

/**
 * Pass the grey of the lines to WebGL, which cannot read the style sheet.
 *
 * @param {DrawnPanel} panel
 */
function greyLines(panel) {
  const style = getComputedStyle(panel.frame);
  const [rule, muted] = ["--rule", "--muted"].map((it) => style.getPropertyValue(it).trim());
  const share = panel.stored.extra.runs.length < MANY_LINES ? 0.75 : 0.3;
  return Plotly.restyle(panel.frame, { "line.color": blended(rule, muted, share) }, [0]);
}

/**
 * A colour between two of the page, each as #rrggbb.
 *
 * @param {string} first
 * @param {string} second
 * @param {number} share
 */
function blended(first, second, share) {
  const parts = (/** @type {string} */ hex) =>
    [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  const [from, to] = [parts(first), parts(second)];
  return `rgb(${from.map((value, i) => Math.round(value + share * (to[i] - value))).join(",")})`;
}

// Lines under the pointer.

/** @param {DrawnPanel} panel */
function connectLines({ frame, stored }) {
  /** @type {number | null} */
  let under = null;
  frame.on("plotly_hover", (event) => {
    under = stored.extra.runs[event.curveNumber] ?? null;
    if (under !== null) showCard(under, event);
  });
  frame.on("plotly_unhover", () => {
    under = null;
    hideCard();
  });
  frame.addEventListener("click", () => {
    if (under !== null) selection.set({ trial: store.runs.trial[under] });
  });
}
