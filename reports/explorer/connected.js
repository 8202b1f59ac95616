// One panel a run, and controls that all of them follow.

import { connectTheme } from "../browser/document.js";
import { byId } from "../browser/elements.js";
import { counted } from "../browser/words.js";
import { connectControls, showSpaces } from "./controls.js";
import { Panel } from "./panel.js";
import { redrawSelected, select } from "./selected.js";
import { drawFrom, Refused, theSource } from "./source.js";
import { COUNT, data, spaces } from "./state.js";

/** Milliseconds of rest before the status is read out. */
const REST = 300;
let timer = 0;

const panels = data.runs.map((run) => new Panel(run, select, rest));

function drawAll() {
  for (const panel of panels) panel.draw();
}

/** A panel is drawn. */
function rest() {
  redrawSelected();
  if (panels.some((panel) => panel.isAsking)) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    const slowest = Math.round(Math.max(...panels.map((panel) => panel.took)));
    const each = panels.length > 1 ? ` each of ${counted(panels.length, "run")}` : "";
    byId("status").textContent = `${COUNT} images${each}, drawn in ${slowest} ms`;
    document.documentElement.dataset.ready = "true";
  }, REST);
}

/** @param {import("./types").Run} run */
async function learn(run) {
  try {
    spaces.set(run, await theSource().space(run));
  } catch (error) {
    // The run's grid states it, which asks for the same generator.
    if (!(error instanceof Refused)) throw error;
  }
}

/** @param {import("./types").Source} source */
export async function start(source) {
  drawFrom(source);
  connectTheme();
  byId("runs").append(...panels.map((panel) => panel.element));
  connectControls(drawAll);
  await Promise.all(data.runs.map(learn));
  showSpaces();
  await Promise.all(panels.map((panel) => panel.draw()));
  const pick = data.start?.pick;
  if (pick != null && pick < COUNT) select(panels[0], pick);
}
