// The selection drawn over a figure, in an SVG layer of its own: no figure is drawn again for it.

import { shape } from "./elements.js";
import { selection } from "./selection.js";
import { columnOf, runsOf, store, valueIn } from "./store.js";

/** @typedef {import("./types").Panel} Panel */
/** @typedef {import("./types").Marks} Marks */
/** @typedef {import("./types").Point} Point */
/** @typedef {ReturnType<typeof subplot>} Subplot */

/** More marks than that are dots instead of glyphs. */
const MOST_GLYPHS = 400;
const MOST_POINTS = 4000;
// Multiples of an irrational number fill a slot evenly (Weyl). These two are the golden ratio's
// inverse and the plastic number's: as in reports/kit/axes.py.
export const TURN_ACROSS = 0.6180339887;
const TURN_UPWARD = 0.7548776662;
const SLOT_WIDTH = 0.6;

/**
 * Where runs are in a figure, by the name that the figure's `marks` holds. Sections add their own.
 *
 * @type {Record<string, import("./types").Marker>}
 */
export const markers = {
  /** Runs or trials that have a mark of their own, by the customdata of their traces. */
  points(panel, runs) {
    /** @type {Record<string, Set<number>>} */
    const wanted = {
      runs: new Set(runs),
      trials: new Set(runs.map((run) => store.runs.trial[run])),
    };
    /** @type {Map<string, Marks & { points: Point[] }>} */
    const groups = new Map();
    for (const trace of panel.frame._fullData ?? []) {
      const of = trace.meta?.of;
      if (!wanted[of] || trace.visible !== true) continue;
      const axes = `${trace.xaxis ?? "x"}${trace.yaxis ?? "y"}`;
      const key = `${axes} ${of}`;
      const group = groups.get(key) ?? { axes, points: [], neutral: of === "trials" };
      groups.set(key, group);
      trace.customdata?.forEach((/** @type {number} */ which, /** @type {number} */ i) => {
        if (wanted[of].has(which)) group.points.push([trace.x[i], trace.y[i]]);
      });
    }
    return [...groups.values()];
  },

  /** Runs on a binned map, where the axes are columns of the store. */
  cells(panel, runs) {
    const across = placer(panel.brush.x, TURN_ACROSS);
    const upward = placer(panel.brush.y, TURN_UPWARD);
    const points = runs.map((run) => /** @type {Point} */ ([across(run), upward(run)]));
    return [{ axes: "xy", points: points.filter((point) => point.every(Number.isFinite)) }];
  },
};

/**
 * Where a run lies on an axis, NaN for nowhere; runs that share a slot are spread within it.
 *
 * @param {import("./types").Brush} brush
 * @param {number} turn
 * @returns {(run: number) => number}
 */
export function placer(brush, turn) {
  const column = columnOf(brush.column);
  const slots = new Map(brush.slots.map((slot, i) => [String(slot), i]));
  return (run) => {
    const value = column ? valueIn(column, run) : null;
    if (value === null) return NaN;
    if (brush.scale === "slots") {
      const offset = ((store.runs.trial[run] * turn) % 1) - 0.5;
      return (slots.get(String(value)) ?? NaN) + SLOT_WIDTH * offset;
    }
    return brush.scale === "log10" ? Math.log10(Number(value)) : Number(value);
  };
}

/**
 * Draw the matched runs and the selected trial over a figure that is drawn. Throws for a figure
 * whose marks no script provides.
 *
 * @param {Panel} panel
 */
export function drawMarks(panel) {
  if (!panel.stored?.marks || !panel.frame._fullLayout) return;
  const marker = markers[panel.stored.marks];
  if (!marker) throw new Error(`no script draws the marks "${panel.stored.marks}"`);
  const drawn = /** @type {import("./types").DrawnPanel} */ (panel);
  const layer = panel.overlay ?? newLayer(panel);
  layer.replaceChildren();
  panel.frame.toggleAttribute("data-brushed", selection.runs !== null);
  for (const [outcome, runs] of byOutcome(selection.matched())) {
    draw(layer, drawn, marker(drawn, runs), "matched", outcome);
  }
  if (selection.trial !== null) {
    draw(layer, drawn, marker(drawn, runsOf(selection.trial)), "selected", null);
  }
  panel.stale = false;
}

/** @param {Panel} panel */
export function redrawMarks(panel) {
  panel.stale = true;
  if (panel.visible) requestAnimationFrame(() => panel.stale && drawMarks(panel));
}

/** @param {Panel} panel */
export function newLayer(panel) {
  const layer = shape("svg", { class: "overlay", "aria-hidden": "true" });
  panel.overlay = layer;
  panel.frame.append(layer);
  return layer;
}

/**
 * @param {number[]} runs
 * @returns {Map<string, number[]>}
 */
function byOutcome(runs) {
  const groups = new Map();
  for (const run of runs) {
    const outcome = store.runs.outcome[run];
    if (!groups.has(outcome)) groups.set(outcome, []);
    groups.get(outcome).push(run);
  }
  return groups;
}

/**
 * @param {SVGElement} layer
 * @param {Panel} panel
 * @param {Marks[]} groups
 * @param {"matched" | "selected"} kind
 * @param {string | null} outcome
 */
function draw(layer, panel, groups, kind, outcome) {
  for (const group of groups) {
    const plot = subplot(panel.frame, group.axes);
    if (!plot) continue;
    const coloured = group.neutral ? null : outcome;
    const { left, top, width, height } = plot;
    // An SVG of its own cuts off what lies outside the axes.
    const inner = shape("svg", { class: kind, x: left, y: top, width, height });
    if (coloured) inner.style.color = store.outcomes[coloured].colour;
    for (const line of group.lines ?? []) inner.append(polyline(line, plot));
    for (const rect of group.rects ?? []) inner.append(rectangle(rect, plot));
    drawPoints(inner, group.points ?? [], plot, kind, coloured);
    layer.append(inner);
  }
}

/**
 * The pixels of a pair of axes: Plotly's own axis objects turn data into positions.
 *
 * @param {import("./types").PlotlyFrame} frame
 * @param {string} axes
 */
function subplot(frame, axes) {
  const [, x, y] = axes.match(/^x(\d*)y(\d*)$/) ?? [];
  const across = frame._fullLayout?.[`xaxis${x}`];
  const upward = frame._fullLayout?.[`yaxis${y}`];
  if (!across?._length || !upward?._length) return null;
  return {
    left: across._offset,
    top: upward._offset,
    width: across._length,
    height: upward._length,
    x: (/** @type {number} */ value) => /** @type {number} */ (across.d2p(value)),
    y: (/** @type {number | null} */ value) => /** @type {number} */ (upward.d2p(value)),
  };
}

/**
 * A line with gaps where a value is missing.
 *
 * @param {Point[]} line
 * @param {NonNullable<Subplot>} plot
 */
function polyline(line, plot) {
  let pen = "M";
  let path = "";
  for (const [x, y] of line) {
    const [across, upward] = [plot.x(x), plot.y(y)];
    if (y === null || !Number.isFinite(across) || !Number.isFinite(upward)) {
      pen = "M";
      continue;
    }
    path += `${pen}${across.toFixed(1)},${upward.toFixed(1)}`;
    pen = "L";
  }
  return shape("path", { d: path, class: "line" });
}

/**
 * @param {[number, number, number, number]} corners
 * @param {NonNullable<Subplot>} plot
 */
function rectangle([x0, y0, x1, y1], plot) {
  const [left, right] = [plot.x(x0), plot.x(x1)].sort((a, b) => a - b);
  const [top, bottom] = [plot.y(y0), plot.y(y1)].sort((a, b) => a - b);
  return shape("rect", { x: left, y: top, width: right - left, height: bottom - top });
}

/**
 * @param {SVGElement} inner
 * @param {Point[]} points
 * @param {NonNullable<Subplot>} plot
 * @param {"matched" | "selected"} kind
 * @param {string | null} outcome
 */
function drawPoints(inner, points, plot, kind, outcome) {
  const at = thinned(points, MOST_POINTS).map(([x, y]) => [plot.x(x), plot.y(y)]);
  if (kind === "selected") {
    inner.append(...at.map(([x, y]) => shape("circle", { cx: x, cy: y, r: 9 })));
  } else if (outcome && at.length <= MOST_GLYPHS) {
    const d = store.outcomes[outcome].path;
    inner.append(
      ...at.map(([x, y]) =>
        shape("path", {
          d,
          class: "glyph",
          transform: `translate(${x - 6.4} ${y - 6.4}) scale(.8)`,
        }),
      ),
    );
  } else if (at.length) {
    // One path with a dot at every point: a thousand elements would take a hundred times as long.
    const d = at.map(([x, y]) => `M${x.toFixed(1)},${y.toFixed(1)}h0`).join("");
    inner.append(shape("path", { d, class: "dots" }));
  }
}

/**
 * At most so many of a list, evenly spread over it.
 *
 * @template T
 * @param {T[]} all
 * @param {number} most
 */
export function thinned(all, most) {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, i) => all[Math.floor((i * all.length) / most)]);
}
