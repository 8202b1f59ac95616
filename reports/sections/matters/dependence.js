// Chosen runs over the means along every parameter: at their own value, as high as their score.

const MOST_SCORES = 300;
const MOST_SHAPES = 60;

MARKERS.dependence = (panel, runs) => {
  const shown = thinned(runs, MOST_SCORES);
  return Object.entries(panel.brush).map(([axis, brush]) => {
    const place = placer(brush, 0.6180339887);
    const points = shown.map((run) => [place(run), store.runs.score[run]]);
    const known = points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
    return { axes: `${axis}y${axis.slice(1)}`, points: known, neutral: shown.length > MOST_SHAPES };
  });
};
