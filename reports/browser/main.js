// The page's script: its sections, and the order of its start. `npm run build` makes
// page.bundle.js of it. What it exports is `report` in the browser's console, and in tests.

import "../sections/cost/cost.js";
import "../sections/matters/dependence.js";
import "../sections/failures/failures.js";
import "../sections/curves/curves.js";
import "../sections/search/timeline.js";
import "../sections/parameters/table.js";
import "../sections/parameters/parallel.js";
import "../sections/trial/closeup.js";

import { connectAddress } from "./address.js";
import { connectDocument, showPictures } from "./document.js";
import { connectPanels, drawPanel, drawTheRest, panels } from "./panels.js";
import { connectFilter, connectKeys, selection } from "./selection.js";
import { startSections } from "./start.js";
import { readStore } from "./store.js";

export { markers } from "./overlay.js";
export { columnOf, curve, runsOf, store, trialIndex, valueIn } from "./store.js";
export * as words from "./words.js";
export { panels, selection };

async function start() {
  connectDocument();
  // A page without a study, such as a comparison, has figures but nothing to select.
  if (document.getElementById("store")) await startStudy();
  else connectPanels();
  // One frame, so that the observer has reported which figures are in sight.
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  await Promise.all(panels.filter((panel) => panel.visible).map(drawPanel));
  document.documentElement.dataset.ready = "true";
  addEventListener("beforeprint", () => {
    for (const frame of document.querySelectorAll(".js-plotly-plot")) {
      Plotly.Plots.resize(/** @type {HTMLElement} */ (frame));
    }
  });
  drawTheRest();
}

async function startStudy() {
  await readStore();
  showPictures();
  connectPanels();
  connectFilter();
  connectKeys();
  startSections();
  // Last: an address may select a trial, which all of the above show.
  connectAddress();
}

start();
