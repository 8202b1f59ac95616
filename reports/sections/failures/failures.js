// Marks of the selection on the figures of failures: parts of bars, points on a curve, onsets.

import { markers } from "../../browser/overlay.js";
import { settingAt, store, trialIndex } from "../../browser/store.js";

/** @typedef {import("../../browser/types").Point} Point */

/**
 * A piece of a bar: of `total` runs in the bar, `before` lie left of the piece.
 *
 * @typedef {{ group: string, level: string, outcome: string, before: number, total: number, y: number }} Piece
 */

const UNBIASED_ORIGINS = ["known", "sobol"];
const BAR_HALF = 0.11;

/** @type {Int16Array[] | null} */
let piecesOfRuns = null;

/** Matched runs of each piece of a bar, as a thin bar inside it; all pieces have shares as unit. */
markers.bars = (panel, runs) => {
  /** @type {Piece[]} */
  const bars = panel.stored.extra.bars;
  piecesOfRuns ??= piecesOf(bars);
  const counts = new Int32Array(bars.length);
  for (const pieces of piecesOfRuns) {
    for (const run of runs) {
      if (pieces[run] >= 0) counts[pieces[run]] += 1;
    }
  }
  /** @type {[number, number, number, number][]} */
  const rects = [];
  bars.forEach(({ before, total, y }, i) => {
    if (!counts[i]) return;
    rects.push([before / total, y - BAR_HALF, (before + counts[i]) / total, y + BAR_HALF]);
  });
  return [{ axes: "xy", rects }];
};

/**
 * For each group of bars: the piece that every run is counted in, -1 for none.
 *
 * @param {Piece[]} bars
 */
function piecesOf(bars) {
  const index = new Map(bars.map((bar, i) => [`${bar.group} ${bar.level} ${bar.outcome}`, i]));
  return [...new Set(bars.map((bar) => bar.group))].map((group) => {
    const pieces = new Int16Array(store.runs.trial.length).fill(-1);
    const levels = store.trials.number.map((_, trial) => levelOf(group, trial));
    store.runs.trial.forEach((number, run) => {
      if (store.runs.stage[run] !== "explore") return;
      const trial = trialIndex(number);
      const level = trial === undefined ? "" : levels[trial];
      pieces[run] = index.get(`${group} ${level} ${store.runs.outcome[run]}`) ?? -1;
    });
    return pieces;
  });
}

/**
 * The level of a trial in a group: what chose it, or the value of a choice in unbiased trials.
 *
 * @param {string} group
 * @param {number} trial the trial's index
 */
function levelOf(group, trial) {
  const isUnbiased = UNBIASED_ORIGINS.includes(store.trials.origin[trial].split(":")[0]);
  if (group === "chosen") return isUnbiased ? "known and Sobol" : "optimizer";
  return isUnbiased ? String(settingOf(trial, group)) : "";
}

/**
 * A setting of a trial's configuration: its override, or else the value of the study's base.
 *
 * @param {number} trial the trial's index
 * @param {string} path
 */
function settingOf(trial, path) {
  const override = store.trials.overrides[trial][path];
  return override !== undefined ? override : (settingAt(store.base, path) ?? null);
}

/** Matched runs that failed, on the curve of all runs, at their onset. */
markers.survival = (panel, runs) => {
  /** @type {[number[], number[]]} */
  const [times, levels] = panel.stored.extra.steps;
  /** @type {Point[]} */
  const points = [];
  for (const run of runs) {
    const onset = store.runs.onset[run];
    if (onset === null || !store.outcomes[store.runs.outcome[run]].breaks) continue;
    const later = times.findIndex((time) => time > onset);
    const step = (later < 0 ? times.length : later) - 1;
    points.push([onset, step < 0 ? 1 : levels[step]]);
  }
  return [{ axes: "xy", points }];
};

/** Matched runs that failed, in the row of their cause. */
markers.onset = (panel, runs) => {
  /** @type {{ rows: string[], budget: number, below: number }} */
  const { rows, budget, below } = panel.stored.extra;
  if (!below) return markers.points(panel, runs);
  /** @type {Point[]} */
  const points = [];
  for (const run of runs) {
    const row = rows.indexOf(store.runs.outcome[run]);
    if (row >= 0) points.push([store.runs.life[run] * budget, row + below]);
  }
  return [{ axes: "xy", points }];
};
