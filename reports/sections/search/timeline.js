// Marks of the selection on the timeline: the runs' own bars, or their ends among all ends.

MARKERS.timeline = (panel, runs) => {
  const { large, unit, begin, end, lane, thickness, bin, bins } = panel.stored.extra;
  if (large) return [{ axes: "xy2", rects: endsOf(runs, end, bin, bins, unit) }];
  const rects = runs.flatMap((run) => {
    if (lane[run] === null || lane[run] === undefined) return [];
    const half = (thickness[store.runs.stage[run]] ?? thickness.explore) / 2;
    return [[begin[run] / unit, lane[run] - half, end[run] / unit, lane[run] + half]];
  });
  return [{ axes: "xy", rects }];
};

// Matched ends in each bin of time, as a thin bar on the ground: no outcome's place in the stack.
function endsOf(runs, end, bin, bins, unit) {
  const counts = new Int32Array(bins);
  for (const run of runs) {
    if (end[run] === null || end[run] === undefined) continue;
    counts[Math.min(bins - 1, Math.floor(end[run] / bin))] += 1;
  }
  return [...counts].flatMap((count, i) => (count === 0 ? []
    : [[((i + 0.3) * bin) / unit, 0, ((i + 0.7) * bin) / unit, count]]));
}
