// The selection drawn over a figure, in an SVG layer of its own: no figure is drawn again for it.
//
// MARKERS[name](panel, runs) says where runs are, in the coordinates of the figure's axes:
// [{ axes: "xy", points: [[x, y]], lines: [[[x, y]]], rects: [[x0, y0, x1, y1]], neutral }].
// `neutral` shapes stand for more than the runs of one outcome and take no outcome's colour.

const MARKERS = {};
const MOST_GLYPHS = 400;
const MOST_POINTS = 4000;
const SVG = "http://www.w3.org/2000/svg";

// Runs or trials that have a mark of their own, by the customdata of their traces.
MARKERS.points = (panel, runs) => {
  const wanted = { runs: new Set(runs), trials: new Set(runs.map((run) => store.runs.trial[run])) };
  const found = new Map();
  for (const trace of panel.frame._fullData ?? []) {
    const of = trace.meta?.of;
    if (!wanted[of] || trace.visible !== true) continue;
    const axes = `${trace.xaxis ?? "x"}${trace.yaxis ?? "y"}`;
    const key = `${axes} ${of}`;
    if (!found.has(key)) found.set(key, { axes, points: [], neutral: of === "trials" });
    const { points } = found.get(key);
    trace.customdata?.forEach((which, i) => {
      if (wanted[of].has(which)) points.push([trace.x[i], trace.y[i]]);
    });
  }
  return [...found.values()];
};

// Runs on a binned map, where the axes are columns of the store.
MARKERS.cells = (panel, runs) => {
  const [across, upward] = [placer(panel.brush.x, 0.6180339887), placer(panel.brush.y, 0.7548776662)];
  const points = runs.map((run) => [across(run), upward(run)]);
  return [{ axes: "xy", points: points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y)) }];
};

// Where a run lies on an axis; runs that share a slot are spread within it.
function placer(brush, turn) {
  const column = store.column(brush.column);
  const slots = new Map(brush.slots.map((slot, i) => [String(slot), i]));
  return (run) => {
    const value = valueOf(column, run);
    if (value === null) return NaN;
    if (brush.scale === "slots") {
      return (slots.get(String(value)) ?? NaN) + 0.6 * ((store.runs.trial[run] * turn) % 1) - 0.3;
    }
    return brush.scale === "log10" ? Math.log10(value) : value;
  };
}

// Draw the matched runs and the selected trial over a figure that is drawn.
function drawMarks(panel) {
  const marker = MARKERS[panel.stored?.marks];
  if (!marker || !panel.frame._fullLayout) return;
  const layer = panel.overlay ?? newLayer(panel);
  layer.replaceChildren();
  const matched = selection.matched();
  panel.frame.toggleAttribute("data-brushed", selection.runs !== null);
  for (const [outcome, runs] of byOutcome(matched)) {
    draw(layer, panel, marker(panel, runs), "matched", outcome);
  }
  if (selection.trial !== null) {
    draw(layer, panel, marker(panel, store.runsOf(selection.trial)), "selected", null);
  }
  panel.stale = false;
}

function redrawMarks(panel) {
  panel.stale = true;
  if (panel.visible) requestAnimationFrame(() => panel.stale && drawMarks(panel));
}

function newLayer(panel) {
  panel.overlay = document.createElementNS(SVG, "svg");
  panel.overlay.setAttribute("class", "overlay");
  panel.overlay.setAttribute("aria-hidden", "true");
  panel.frame.append(panel.overlay);
  return panel.overlay;
}

function byOutcome(runs) {
  const groups = new Map();
  for (const run of runs) {
    const outcome = store.runs.outcome[run];
    if (!groups.has(outcome)) groups.set(outcome, []);
    groups.get(outcome).push(run);
  }
  return groups;
}

function draw(layer, panel, groups, kind, outcome) {
  for (const group of groups) {
    const place = subplot(panel.frame, group.axes);
    if (!place) continue;
    const colour = outcome && !group.neutral ? store.outcomes[outcome].colour : null;
    const inner = clipped(place);
    inner.setAttribute("class", kind);
    if (colour) inner.style.color = colour;
    for (const line of group.lines ?? []) inner.append(polyline(line, place));
    for (const rect of group.rects ?? []) inner.append(rectangle(rect, place));
    drawPoints(inner, group.points ?? [], place, kind, colour ? outcome : null);
    layer.append(inner);
  }
}

// The pixels of a pair of axes: Plotly's own axis objects turn data into positions.
function subplot(frame, axes) {
  const [, x, y] = axes.match(/^(x\d*)(y\d*)$/);
  const across = frame._fullLayout[`xaxis${x.slice(1)}`];
  const upward = frame._fullLayout[`yaxis${y.slice(1)}`];
  if (!across?._length || !upward?._length) return null;
  return {
    left: across._offset, top: upward._offset, width: across._length, height: upward._length,
    x: (value) => across.d2p(value), y: (value) => upward.d2p(value),
  };
}

function clipped(place) {
  const inner = document.createElementNS(SVG, "svg");
  inner.setAttribute("x", place.left);
  inner.setAttribute("y", place.top);
  inner.setAttribute("width", place.width);
  inner.setAttribute("height", place.height);
  return inner;
}

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// A line with gaps where a value is missing.
function polyline(line, place) {
  let pen = "M";
  const path = line.map(([x, y]) => {
    const [across, upward] = [place.x(x), place.y(y)];
    if (y === null || !Number.isFinite(across) || !Number.isFinite(upward)) {
      pen = "M";
      return "";
    }
    const step = `${pen}${across.toFixed(1)},${upward.toFixed(1)}`;
    pen = "L";
    return step;
  }).join("");
  return shape("path", { d: path, class: "line" });
}

function rectangle([x0, y0, x1, y1], place) {
  const [left, right] = [place.x(x0), place.x(x1)].sort((a, b) => a - b);
  const [top, bottom] = [place.y(y0), place.y(y1)].sort((a, b) => a - b);
  return shape("rect", { x: left, y: top, width: right - left, height: bottom - top });
}

function drawPoints(inner, points, place, kind, outcome) {
  const at = thinned(points, MOST_POINTS).map(([x, y]) => [place.x(x), place.y(y)]);
  if (kind === "selected") {
    inner.append(...at.map(([x, y]) => shape("circle", { cx: x, cy: y, r: 9 })));
  } else if (outcome && at.length <= MOST_GLYPHS) {
    const path = store.outcomes[outcome].path;
    inner.append(...at.map(([x, y]) => shape("path", {
      d: path, class: "glyph", transform: `translate(${x - 6.4} ${y - 6.4}) scale(.8)`,
    })));
  } else if (at.length) {
    const path = at.map(([x, y]) => `M${x.toFixed(1)},${y.toFixed(1)}h0`).join("");
    inner.append(shape("path", { d: path, class: "dots" }));
  }
}

// At most so many of a list, evenly spread over it.
function thinned(all, most) {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, i) => all[Math.floor((i * all.length) / most)]);
}
