// A run's samples over time from the same latent codes, and its nearest training images.

import { make } from "../../browser/elements.js";
import { glyphOf } from "../../browser/glyph.js";
import { store } from "../../browser/store.js";
import { imagesText } from "../../browser/words.js";

/**
 * @param {string} key
 * @param {string} alt
 */
export function picture(key, alt) {
  const src = store.pictures[key];
  return src ? make("img", { src, alt, decoding: "async" }) : null;
}

/**
 * A run's folder within the study's.
 *
 * @param {number} run
 */
export function folderOf(run) {
  const { trial, seed } = store.runs;
  return `trials/${String(trial[run]).padStart(4, "0")}/seed-${seed[run]}/`;
}

/** @param {number} run */
export function filmstrip(run) {
  const seed = store.runs.seed[run];
  const outcome = store.runs.outcome[run];
  const title = make("h4", {}, `Seed ${seed} over time, the same latent codes`);
  const frames = store.filmstrips[run] ?? [];
  if (!frames.length) {
    const folder = make("code", {}, `${folderOf(run)}samples/`);
    const note = "This page has no sample grid of this run. The grids that were kept are in ";
    return make(
      "div",
      {},
      title,
      make("p", { class: "note" }, note, folder, " of the study's folder."),
    );
  }
  const onset = store.outcomes[outcome].fails ? store.runs.onset[run] : null;
  const figures = frames.map(({ images, key }) => {
    const isLate = onset !== null && images >= onset;
    const when = `${imagesText(images)} images`;
    return make(
      "figure",
      { class: isLate ? "late" : null },
      picture(key, `Samples of seed ${seed} at ${when}`),
      make("figcaption", {}, isLate ? glyphOf(outcome) : null, when),
    );
  });
  const strip = {
    class: "strip film",
    tabindex: 0,
    role: "region",
    "aria-label": `Samples of seed ${seed} over time`,
  };
  return make("div", {}, title, make("div", strip, ...figures));
}

/** @param {number} run */
export function neighbours(run) {
  const title = make("h4", {}, "Nearest training images");
  const grid = store.neighbours[run];
  if (!grid) {
    const files = make("code", {}, `${folderOf(run)}samples/neighbours-*.webp`);
    const note = "This page has none for this run. Where the record has them, they are ";
    return make("div", {}, title, make("p", { class: "note" }, note, files, "."));
  }
  const caption =
    "Rows in pairs: the generated images that look most like copies, and under each the " +
    "training image nearest to it";
  return make(
    "div",
    {},
    title,
    make(
      "figure",
      { class: "neighbours" },
      picture(grid.key, caption),
      make("figcaption", {}, `${caption}; after ${imagesText(grid.images)} images.`),
    ),
  );
}
