// Where trials lie on the binned figure of what stability costs: as the report reckoned them.

MARKERS.cost = (panel, runs) => {
  const { trial, x, y } = panel.stored.extra;
  panel.places ??= new Map(trial.map((number, i) => [number, [x[i], y[i]]]));
  const trials = new Set(runs.map((run) => store.runs.trial[run]));
  const points = [...trials].map((number) => panel.places.get(number)).filter(Boolean);
  return [{ axes: "xy", points, neutral: true }];
};
