// A run's grid: drawn again after every change, one request at a time, the newest wish last.

import { around, make } from "../browser/elements.js";
import { imagesText } from "../browser/words.js";
import { Refused, theSource } from "./source.js";
import { COLUMNS, COUNT, data, recipeOf, standing, state } from "./state.js";

/** @typedef {import("./types").Run} Run */

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS };

export class Panel {
  /**
   * @param {Run} run
   * @param {(panel: Panel, pick: number) => void} onSelect
   * @param {() => void} onRest called when a grid is drawn and nothing newer is wished
   */
  constructor(run, onSelect, onRest) {
    this.run = run;
    this.onRest = onRest;
    this.isWished = false;
    this.isAsking = false;
    /** Milliseconds of the last drawing, from request to pixels. */
    this.took = 0;
    this.note = make("p", { class: "note" });
    this.content = make("div", {});
    this.tiles = Array.from({ length: COUNT }, (_, pick) => this.#tile(pick));
    this.grid = make("div", { class: "tiles", role: "group" }, ...this.tiles);
    this.grid.setAttribute("aria-label", `Images of ${run.name}`);
    this.grid.addEventListener("click", (event) => {
      const tile = around(event, ".tiles button");
      if (tile) onSelect(this, this.tiles.indexOf(/** @type {HTMLButtonElement} */ (tile)));
    });
    this.grid.addEventListener("keydown", (event) => this.#step(event));
    const title = make("h2", {}, run.name);
    this.element = make("section", { class: "run" }, title, this.note, this.content);
  }

  /** @param {number} pick */
  #tile(pick) {
    const canvas = make("canvas", { width: this.run.resolution, height: this.run.resolution });
    // One stop of the Tab key for the grid; arrows move within it.
    const tabindex = pick ? -1 : 0;
    return make("button", { type: "button", "aria-pressed": "false", tabindex }, canvas);
  }

  /** @param {KeyboardEvent} event */
  #step(event) {
    const by = STEPS[/** @type {keyof typeof STEPS} */ (event.key)];
    const at = this.tiles.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const to = this.tiles[at + by];
    if (by === undefined || !to) return;
    event.preventDefault();
    for (const tile of this.tiles) tile.tabIndex = tile === to ? 0 : -1;
    to.focus();
  }

  /** @param {number | null} pick */
  mark(pick) {
    this.tiles.forEach((tile, i) => {
      tile.setAttribute("aria-pressed", String(i === pick));
    });
  }

  /** Draw what the state asks for; a wish that comes meanwhile is met after it. */
  async draw() {
    this.isWished = true;
    if (this.isAsking) return;
    this.isAsking = true;
    while (this.isWished) {
      this.isWished = false;
      try {
        await this.#drawOnce();
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        this.content.replaceChildren(make("p", { class: "problem" }, error.message));
      }
    }
    this.isAsking = false;
    this.onRest();
  }

  async #drawOnce() {
    const { images, draws } = standing(this.run);
    this.note.textContent = describe(this.run, images);
    if (!draws) {
      this.content.replaceChildren(await storedGrid(this.run, images ?? 0));
      return;
    }
    const begun = performance.now();
    const sheet = await theSource().sheet(recipeOf(this.run));
    const side = this.run.resolution;
    this.tiles.forEach((tile, i) => {
      const canvas = canvasOf(tile);
      const left = side * (i % COLUMNS);
      const top = side * Math.floor(i / COLUMNS);
      canvas.getContext("2d")?.drawImage(sheet, left, top, side, side, 0, 0, side, side);
      tile.setAttribute("aria-label", nameOf(this.run, i));
    });
    sheet.close();
    this.took = performance.now() - begun;
    if (this.grid.parentNode !== this.content) this.content.replaceChildren(this.grid);
  }
}

/** @param {HTMLButtonElement} tile */
export function canvasOf(tile) {
  return /** @type {HTMLCanvasElement} */ (tile.firstElementChild);
}

/**
 * What image of a grid this is, in words.
 *
 * @param {Run} run
 * @param {number} pick
 */
export function nameOf(run, pick) {
  if (state.mode === "path") {
    const share = Math.round((100 * pick) / (COUNT - 1));
    return `${share} % of the way from code ${state.start} to code ${state.end}`;
  }
  const code = state.first + pick;
  const names = run.classes;
  if (!names.length) return `Code ${code}`;
  return `Code ${code}, ${names[state.label ?? code % names.length] ?? "no such class"}`;
}

/**
 * @param {Run} run
 * @param {number | null} images
 */
function describe(run, images) {
  const seen = images ?? run.imagesSeen;
  const when = seen === null ? "" : ` at ${imagesText(seen)} images`;
  const end = images === null && run.verdict ? `, ${run.verdict}` : "";
  return `${run.architecture}${when}${end}`;
}

/**
 * @param {Run} run
 * @param {number} images
 */
async function storedGrid(run, images) {
  const src = URL.createObjectURL(await theSource().samples(run, images));
  const img = make("img", {
    src,
    alt: `Stored samples of ${run.name} at ${imagesText(images)} images`,
  });
  img.addEventListener("load", () => URL.revokeObjectURL(src));
  const why =
    "The stored grid of samples: this run kept no generator here, so codes and sliders do not " +
    "apply. Set training.keep_generators to keep some.";
  return make(
    "figure",
    {},
    img,
    make("figcaption", {}, data.runs.length > 1 ? "The stored grid of samples." : why),
  );
}
