// What the page shows: one state for all runs, and the recipe that each run draws by it.

import { byId } from "../browser/elements.js";

/** @typedef {import("./types").Run} Run */
/** @typedef {import("./types").Recipe} Recipe */
/** @typedef {import("./types").Space} Space */

export const COUNT = 16;
export const COLUMNS = 4;

/**
 * An exported page also has its space, the length of its codes and the largest number of one.
 *
 * @type {{ runs: Run[], start: Recipe | null, space?: Space, latentSize?: number, largest?: number }}
 */
export const data = JSON.parse(byId("explorer-data").textContent ?? "");

/** Images seen that the time slider stands for; after them comes the end of each run. */
export const moments = [...new Set(data.runs.flatMap(momentsOf))].sort((a, b) => a - b);

/** What the server states of each run's generator, once it was opened. */
export const spaces = /** @type {Map<Run, Space>} */ (new Map());

const from = data.start;

export const state = {
  mode: from?.to == null ? "codes" : "path",
  first: from?.first ?? 0,
  start: from?.first ?? 0,
  end: from?.to ?? 1,
  /** @type {number | null} */
  label: from?.label ?? null,
  text: from?.text ?? "",
  psi: from?.psi ?? 1,
  /** A place in `moments`, or one behind them: the end. */
  time: placeOf(from?.images ?? null),
  sliders: [...(from?.sliders ?? [])],
};

/**
 * The generators that a run kept, or else the grids that it stored.
 *
 * @param {Run} run
 */
function momentsOf(run) {
  return run.kept.length ? run.kept : run.samples;
}

/** @param {number | null} images */
function placeOf(images) {
  const place = images === null ? -1 : moments.indexOf(images);
  return place < 0 ? moments.length : place;
}

/**
 * Where a run stands at the time that is set: images seen (null: the end), and whether it kept a
 * generator there; of others there is only the stored grid.
 *
 * @param {Run} run
 */
export function standing(run) {
  if (state.time >= moments.length) return { images: null, draws: true };
  const own = momentsOf(run);
  const images = own.findLast((it) => it <= moments[state.time]) ?? own[0] ?? null;
  return { images, draws: images === null || run.kept.length > 0 };
}

/**
 * @param {Run} run
 * @param {number | null} pick
 * @returns {Recipe}
 */
export function recipeOf(run, pick = null) {
  const space = spaces.get(run);
  const isPath = state.mode === "path";
  return {
    run: run.name,
    images: standing(run).images,
    first: isPath ? state.start : state.first,
    count: COUNT,
    to: isPath ? state.end : null,
    pick,
    label: run.classes.length ? state.label : null,
    text: space?.takesText ? state.text : "",
    psi: space?.truncates ? state.psi : 1,
    sliders: state.sliders,
  };
}
