// Class coverage: the share that each class has of the generated images, beside its real share.

import { make } from "../../browser/elements.js";
import { curve, store } from "../../browser/store.js";

/** @typedef {{ i: number, real: number, generated: number }} ClassShare */

const MOST_CLASSES = 30;
/** Of the real share: a class below that counts as lost. */
const LOST_SHARE = 0.1;
const CLASS_SHARE = /^class_share_(\d+)$/;

/**
 * Whether a metric is the share of one class.
 *
 * @param {string} name
 */
export function isClassShare(name) {
  return CLASS_SHARE.test(name);
}

/**
 * The class coverage of a run at its last evaluation.
 *
 * @param {number} run
 */
export async function classCoverage(run) {
  const title = make("h4", {}, "Class coverage");
  const real = store.study.realShares;
  const names = store.metrics.map(({ name }) => name).filter(isClassShare);
  const curves = await Promise.all(names.map(curve));
  const last = store.first[run + 1] - 1;
  const hasRows = last >= store.first[run];
  /** @type {Map<number, number>} */
  const shares = new Map();
  names.forEach((name, i) => {
    const share = hasRows ? curves[i]?.[last] : undefined;
    shares.set(Number(name.match(CLASS_SHARE)?.[1]), share ?? NaN);
  });
  if (real && [...shares.values()].some(Number.isFinite)) {
    return [title, ...classList(run, real, shares)];
  }
  const note =
    names.length && real
      ? "The class shares of this run are not on this page; its evaluations.jsonl has them."
      : "The record of this study holds no class shares.";
  return [title, make("p", { class: "note" }, note)];
}

/**
 * @param {number} run
 * @param {number[]} real
 * @param {Map<number, number>} shares
 */
function classList(run, real, shares) {
  const rows = real.map((share, i) => ({ i, real: share, generated: shares.get(i) ?? 0 }));
  const gap = (/** @type {ClassShare} */ row) => Math.abs(row.generated - row.real);
  const furthest = new Set([...rows].sort((a, b) => gap(b) - gap(a)).slice(0, MOST_CLASSES));
  const largest = rows.filter((row) => furthest.has(row));
  const top = Math.max(...rows.flatMap((row) => [row.real, row.generated]));
  const part =
    largest.length < rows.length
      ? ` Showing the ${largest.length} of ${rows.length} classes with the largest differences.`
      : "";
  const note =
    `Seed ${store.runs.seed[run]} at its last evaluation, by the extractor's classifier. ` +
    `Ring: real images; dot: generated. ${rows.filter(isLost).length} of ${rows.length} classes ` +
    `have less than a tenth of their real share.${part}`;
  return [
    make("p", { class: "note" }, note),
    make("ul", { class: "classes" }, ...largest.map((row) => classRow(row, top))),
  ];
}

/** @param {ClassShare} row */
function isLost({ real, generated }) {
  return generated < LOST_SHARE * real;
}

/**
 * @param {ClassShare} row
 * @param {number} top the largest share of all
 */
function classRow(row, top) {
  const { i, real, generated } = row;
  const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(1)}%`;
  const at = (/** @type {number} */ share) => ((100 * share) / top).toFixed(2);
  const [low, high] = [Math.min(real, generated), Math.max(real, generated)];
  const shares = `${percent(generated)}, real ${percent(real)}${isLost(row) ? ": lost" : ""}`;
  return make(
    "li",
    { class: isLost(row) ? "lost" : null },
    make("span", { class: "class-name" }, store.study.classes[i] ?? `class ${i}`),
    make(
      "span",
      { class: "pair", "aria-hidden": "true" },
      make("i", { style: `left:${at(low)}%;width:${at(high - low)}%` }),
      make("b", { class: "real", style: `left:${at(real)}%` }),
      make("b", { class: "made", style: `left:${at(generated)}%` }),
    ),
    make("span", { class: "class-shares" }, shares),
  );
}
