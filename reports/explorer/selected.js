// The image that is selected: large, its recipe saved with it, its nearest training images.

import { byId, make } from "../browser/elements.js";
import { fixed } from "../browser/words.js";
import { setCode } from "./controls.js";
import { canvasOf, nameOf } from "./panel.js";
import { Refused, theSource } from "./source.js";
import { recipeOf, state } from "./state.js";

/** @typedef {import("./panel.js").Panel} Panel */
/** @typedef {import("./types").Neighbours} Neighbours */

/** @type {{ panel: Panel, pick: number } | null} */
let chosen = null;
const big = make("canvas", { role: "img" });
const title = make("p", {});
const nearest = make("div", { "aria-live": "polite" });
const asA = button("Use as A", () => use("start"));
const asB = button("Use as B", () => use("end"));

/**
 * @param {string} text
 * @param {() => void} act
 */
function button(text, act) {
  const made = make("button", { type: "button" }, text);
  made.addEventListener("click", act);
  return made;
}

/**
 * @param {Panel} panel
 * @param {number} pick
 */
export function select(panel, pick) {
  chosen?.panel.mark(null);
  chosen = { panel, pick };
  panel.mark(pick);
  const side = panel.run.resolution;
  big.width = big.height = side;
  const words = make(
    "div",
    { class: "words" },
    title,
    make(
      "div",
      { class: "line" },
      button("Save image", () => save(pick)),
      button("Save grid", () => save(null)),
      asA,
      asB,
      theSource().nearest ? button("Nearest training images", showNearest) : null,
    ),
    make("p", { class: "note" }, theSource().note),
    nearest,
  );
  byId("selected").replaceChildren(make("div", { class: "big" }, big), words);
  redrawSelected();
}

/** After its grid was drawn again: the same place of the grid. */
export function redrawSelected() {
  if (!chosen) return;
  const { panel, pick } = chosen;
  big.getContext("2d")?.drawImage(canvasOf(panel.tiles[pick]), 0, 0);
  big.setAttribute("aria-label", nameOf(panel.run, pick));
  title.textContent = `${nameOf(panel.run, pick)}, of ${panel.run.name}`;
  asA.hidden = asB.hidden = state.mode !== "codes";
  nearest.replaceChildren();
}

/** @param {"start" | "end"} end */
function use(end) {
  if (chosen) setCode(end, state.first + chosen.pick);
}

/** @param {number | null} pick */
async function save(pick) {
  if (!chosen) return;
  const recipe = recipeOf(chosen.panel.run, pick);
  const number = recipe.first + (recipe.to === null ? (pick ?? 0) : 0);
  try {
    const href = URL.createObjectURL(await theSource().file(recipe));
    const what = pick === null ? "grid" : "image";
    make("a", { href, download: `${what}-${number}.png` }).click();
    URL.revokeObjectURL(href);
  } catch (error) {
    refuse(error);
  }
}

async function showNearest() {
  if (!chosen) return;
  const { panel, pick } = chosen;
  const recipe = recipeOf(panel.run, pick);
  nearest.replaceChildren(make("p", { class: "note" }, "Measuring; the first time takes longer."));
  try {
    const found = await theSource().nearest?.(recipe);
    const now = JSON.stringify(recipeOf(panel.run, pick));
    const isStale = chosen?.panel !== panel || now !== JSON.stringify(recipe);
    if (found && !isStale) nearest.replaceChildren(...drawn(found));
  } catch (error) {
    refuse(error);
  }
}

/** @param {Neighbours} found */
function drawn(found) {
  const figures = found.pictures.map((picture, i) => {
    const alt = `Training image ${found.rows[i]}`;
    return make(
      "figure",
      {},
      make("img", { src: `data:image/png;base64,${picture}`, alt }),
      make("figcaption", {}, `${fixed(found.distances[i])}`),
    );
  });
  const note =
    "Distance in feature space, as a multiple of the median from a held-out image to its nearest " +
    "training image: far below 1 is a copy.";
  return [make("div", { class: "nearest" }, ...figures), make("p", { class: "note" }, note)];
}

/** @param {unknown} error */
function refuse(error) {
  if (!(error instanceof Refused)) throw error;
  nearest.replaceChildren(make("p", { class: "note" }, error.message));
}
