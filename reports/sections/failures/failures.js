// Marks of the selection on the figures of failures: parts of bars, places on a curve, onsets.

const UNBIASED_ORIGINS = ["known", "sobol"];
const BAR_HALF = 0.11;

// Matched runs of each piece of a bar, as a thin bar inside it; all pieces have the share as unit.
MARKERS.bars = (panel, runs) => {
  const { bars } = panel.stored.extra;
  panel.piecesOf ??= piecesOf(bars);
  const counts = new Int32Array(bars.length);
  for (const pieces of panel.piecesOf) {
    for (const run of runs) {
      if (pieces[run] >= 0) counts[pieces[run]] += 1;
    }
  }
  const rects = bars.flatMap(({ before, total, y }, i) => (counts[i] === 0 ? []
    : [[before / total, y - BAR_HALF, (before + counts[i]) / total, y + BAR_HALF]]));
  return [{ axes: "xy", rects }];
};

// For each group of bars: the piece that every run is counted in, -1 for none.
function piecesOf(bars) {
  const place = new Map(bars.map((bar, i) => [`${bar.group} ${bar.level} ${bar.outcome}`, i]));
  return [...new Set(bars.map((bar) => bar.group))].map((group) => {
    const pieces = new Int16Array(store.runs.trial.length).fill(-1);
    const levels = store.trials.number.map((_, trial) => levelOf(group, trial));
    store.runs.trial.forEach((number, run) => {
      if (store.runs.stage[run] !== "explore") return;
      const key = `${group} ${levels[store.trialIndex(number)]} ${store.runs.outcome[run]}`;
      pieces[run] = place.get(key) ?? -1;
    });
    return pieces;
  });
}

// The level of a trial in a group: who chose it, or the value of a choice where nobody did.
function levelOf(group, trial) {
  const fair = UNBIASED_ORIGINS.includes(store.trials.origin[trial].split(":")[0]);
  if (group === "chosen") return fair ? "known and Sobol" : "the optimiser's";
  return fair ? String(settingOf(trial, group)) : "";
}

// A setting of a trial's whole configuration: what it sets itself, or else the study's base.
function settingOf(trial, path) {
  const own = store.trials.overrides[trial][path];
  if (own !== undefined) return own;
  return path.split(".").reduce((node, part) => node?.[part], store.base) ?? null;
}

// Matched runs that broke, on the curve of all, where they left it.
MARKERS.survival = (panel, runs) => {
  const [times, levels] = panel.stored.extra.steps;
  const points = runs.flatMap((run) => {
    const onset = store.runs.onset[run];
    if (onset === null || !store.outcomes[store.runs.outcome[run]].breaks) return [];
    const later = times.findIndex((time) => time > onset);
    const step = (later < 0 ? times.length : later) - 1;
    return [[onset, step < 0 ? 1 : levels[step]]];
  });
  return [{ axes: "xy", points }];
};

// Matched runs that broke, in the row of their cause.
MARKERS.onset = (panel, runs) => {
  const { rows, budget, below } = panel.stored.extra;
  if (!below) return MARKERS.points(panel, runs);
  const points = runs.flatMap((run) => {
    const row = rows.indexOf(store.runs.outcome[run]);
    return row < 0 ? [] : [[store.runs.life[run] * budget, row + below]];
  });
  return [{ axes: "xy", points }];
};
