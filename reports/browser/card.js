// A mark under the pointer shows its card; a click selects its trial, or sets its terms.

import { make } from "./elements.js";
import { selection } from "./selection.js";
import { describe, runsOf, store } from "./store.js";

const GAP = 14; // pixels between the pointer and the card

/** @param {import("./types").Panel} panel */
export function connectPointer({ frame }) {
  frame.on("plotly_hover", (event) => {
    const run = event.points && runAt(event.points[0]);
    if (run !== undefined) showCard(run, event.event);
  });
  frame.on("plotly_unhover", hideCard);
  frame.on("plotly_click", (event) => {
    const point =
      event.points.find((/** @type {any} */ it) => it.data.meta?.of) ?? event.points[0];
    const run = runAt(point);
    if (point.data.meta?.of === "terms") selection.addTerms(point.customdata);
    else if (run !== undefined) selection.set({ trial: store.runs.trial[run] });
  });
}

/**
 * The run that a point of Plotly stands for, the first one of a trial; undefined for none.
 *
 * @param {any} point
 * @returns {number | undefined}
 */
function runAt(point) {
  const of = point.data.meta?.of;
  if (point.customdata === undefined || point.customdata === null) return undefined;
  if (of === "runs") return point.customdata;
  return of === "trials" ? runsOf(point.customdata)[0] : undefined;
}

function theCard() {
  const card = document.getElementById("card");
  if (card) return card;
  const added = make("div", { id: "card", hidden: true, role: "status" });
  document.body.append(added);
  return added;
}

/**
 * @param {number} run
 * @param {{ clientX: number, clientY: number }} pointer
 */
export function showCard(run, pointer) {
  const card = theCard();
  card.replaceChildren(...describe(run).map((line) => make("div", {}, line)));
  card.hidden = false;
  const { width, height } = card.getBoundingClientRect();
  const left = Math.min(pointer.clientX + GAP, innerWidth - width - 8);
  const isBelow = pointer.clientY + GAP + height < innerHeight;
  card.style.left = `${Math.max(8, left)}px`;
  card.style.top = `${isBelow ? pointer.clientY + GAP : pointer.clientY - height - GAP}px`;
}

export function hideCard() {
  theCard().hidden = true;
}
