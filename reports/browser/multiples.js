// Small charts side by side: a quantity each, a line a run, as plain SVG that follows the theme.

const CHART = { width: 180, height: 96, side: 5, top: 6, bottom: 6 };

/** The rows of a run as [images, value] pairs; a value is NaN where none was measured. */
function curveOf(run, images, values) {
  const [first, last] = [store.rows.first[run], store.rows.first[run + 1]];
  return Array.from({ length: last - first }, (_, i) => [images[first + i], values[first + i]]);
}

/** Values before a failure decide the axis, so that an explosion cannot flatten the others. */
function rangeOf(lines, fixed) {
  if (fixed) return { low: fixed[0], high: fixed[1], log: false };
  const alive = lines.flatMap(({ points, onset }) =>
    points.filter(([x, y]) => Number.isFinite(y) && (onset === null || x < onset)));
  const usable = alive.length ? alive
    : lines.flatMap(({ points }) => points.filter(([, y]) => Number.isFinite(y)));
  if (!usable.length) return null;
  const low = Math.min(...usable.map(([, y]) => y));
  const high = Math.max(...usable.map(([, y]) => y));
  return { low, high, log: low > 0 && high / low > store.study.logFrom };
}

/** Functions from images and values to places in the chart; what lies outside is held inside. */
function scalesOf(range, budget, box) {
  const at = range.log ? Math.log : (y) => y;
  const [low, high] = [at(range.low), at(range.high)];
  const room = box.height - box.top - box.bottom;
  const share = (y) => (high > low ? (at(range.log ? Math.max(y, range.low) : y) - low) / (high - low) : 0.5);
  return {
    x: (images) => box.side + (box.width - 2 * box.side) * Math.min(1, images / budget),
    y: (y) => box.top + room * (1 - Math.max(0, Math.min(1, share(y)))),
  };
}

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

/** The outcome's shape where the run failed, at the last value before that. */
function onsetMark({ points, onset, outcome }, scales) {
  const before = points.filter(([x, y]) => x <= onset && Number.isFinite(y));
  if (onset === null || outcome === "stable" || !before.length) return [];
  const [x, y] = [scales.x(onset), scales.y(before.at(-1)[1])];
  return [shape("path", {
    d: store.outcomes[outcome].path, fill: store.outcomes[outcome].colour,
    transform: `translate(${(x - 5).toFixed(1)} ${(y - 5).toFixed(1)}) scale(.625)`,
  })];
}

/**
 * One chart. `lines`: [{run, points, onset, outcome}]; the chosen run's is drawn bold and last.
 * Options: chosen (a run index), fixed ([low, high]), baseline (a value), box (sizes).
 */
function smallChart(name, lines, { chosen = null, fixed = null, baseline = null, box = CHART } = {}) {
  const range = rangeOf(lines, fixed);
  if (!range) return null;
  const budget = store.study.budget ?? Math.max(...lines.flatMap(({ points }) => points.map(([x]) => x)), 1);
  const scales = scalesOf(range, budget, box);
  const ordered = [...lines].sort((a, b) => (a.run === chosen) - (b.run === chosen));
  const paths = ordered.map((line) => shape("path", {
    d: pathOf(line.points, scales), stroke: store.outcomes[line.outcome].colour,
    class: line.run === chosen || lines.length === 1 ? "line chosen" : "line",
  }));
  const inside = baseline !== null && baseline >= range.low && baseline <= range.high;
  const real = inside ? [shape("line", {
    class: "baseline", x1: box.side, x2: box.width - box.side,
    y1: scales.y(baseline), y2: scales.y(baseline),
  })] : [];
  const about = `${name}: ${lines.length} run${lines.length === 1 ? "" : "s"}, axis from `
    + `${shortNumber(range.low)} to ${shortNumber(range.high)}${range.log ? ", logarithmic" : ""}`;
  const svg = shape("svg", {
    viewBox: `0 0 ${box.width} ${box.height}`, role: "img", "aria-label": about, class: "chart",
  });
  svg.append(...real, ...paths, ...ordered.flatMap((line) => onsetMark(line, scales)));
  return { range, svg };
}

/** How many points of the lines are no number, and how many lie outside the axis, in words. */
function leftOut(lines, range) {
  const values = lines.flatMap(({ points }) => points.map(([, y]) => y));
  const outside = values.filter((y) => y < range.low || y > range.high).length;
  const never = values.filter((y) => !Number.isNaN(y) && !Number.isFinite(y)).length;
  const parts = [[outside - never, "outside"], [never, "infinite"]]
    .filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return parts.join(", ");
}

/** A chart with its name above and the ends of its axis beside it. */
function multiple(name, lines, options = {}) {
  const chart = smallChart(name, lines, options);
  if (!chart) return null;
  const { low, high, log } = chart.range;
  const note = [log ? "log" : "", leftOut(lines, chart.range)].filter(Boolean).join(", ");
  return make("figure", { class: "multiple" },
    make("figcaption", {}, make("b", {}, name), note ? make("small", {}, note) : null),
    make("div", { class: "plot" },
      make("div", { class: "axis-ends" }, make("span", {}, shortNumber(high)),
        make("span", {}, shortNumber(low))),
      chart.svg));
}
