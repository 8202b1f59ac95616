// Figures: drawn when they come near, from the data beside them; pickers, key, and what follows
// the selection.

import { connectBrush, dropOldBrush } from "./brush.js";
import { connectPointer } from "./card.js";
import { within } from "./elements.js";
import { connectTable } from "./figure_table.js";
import { redrawMarks } from "./overlay.js";
import { selection } from "./selection.js";
import { unpackJson } from "./store.js";
import { canDrawWebgl, showNoWebgl } from "./webgl.js";

/** @typedef {import("./types").Panel} Panel */
/** @typedef {import("./types").DrawnPanel} DrawnPanel */
/** @typedef {import("./types").PlotlyTrace} PlotlyTrace */

/** @type {Panel[]} */
export const panels = [];
const narrow = matchMedia("(max-width: 40rem)");
const coarse = matchMedia("(pointer: coarse)").matches || narrow.matches;
/** How far outside the window a figure is drawn already. */
const NEAR = "400px 0px";

/** @param {boolean} hasBrush */
function configOf(hasBrush) {
  return {
    responsive: true,
    displaylogo: false,
    showSendToCloud: false,
    plotGlPixelRatio: 1, // lines of WebGL are one pixel wide: two make them hard to see
    modeBarButtonsToRemove: [
      "lasso2d",
      "autoScale2d",
      "zoomIn2d",
      "zoomOut2d",
      ...(hasBrush ? [] : ["select2d"]),
    ],
  };
}

/**
 * Draw a figure, once however often it is called.
 *
 * @param {Panel} panel
 */
export function drawPanel(panel) {
  panel.drawing ??= drawOnce(panel);
  return panel.drawing;
}

/** @param {Panel} panel */
async function drawOnce(panel) {
  const { element, frame } = panel;
  const drawn = await readPanel(panel);
  const { stored } = drawn;
  if (panel.usesWebgl && !canDrawWebgl()) {
    showNoWebgl(panel);
    return;
  }
  const hasBrush = Object.keys(stored.brush).length > 0;
  // A finger scrolls the page; it must not zoom or brush a figure on its way.
  stored.layout.dragmode = coarse ? false : hasBrush ? "select" : "zoom";
  stored.layout.newselection = { line: { color: "#808080", width: 1, dash: "dot" } };
  stored.data.forEach(dress);
  frame.replaceChildren();
  await Plotly.newPlot(frame, stored.data, stored.layout, configOf(hasBrush));
  if (narrow.matches) await Plotly.relayout(frame, stored.narrow);
  connectPickers(drawn);
  connectKey(drawn);
  connectPointer(panel);
  connectBrush(panel);
  frame.on("plotly_afterplot", () => redrawMarks(panel));
  element.dispatchEvent(new CustomEvent("drawn", { detail: panel }));
  redrawMarks(panel);
}

/**
 * @param {Panel} panel
 * @returns {Promise<DrawnPanel>}
 */
async function readPanel(panel) {
  /** @type {import("./types").Stored} */
  const stored = await unpackJson(`${panel.identity}-data`);
  return Object.assign(panel, { stored, brush: { ...stored.brush } });
}

/**
 * Call a listener with a figure, once it is drawn for the first time.
 *
 * @param {string} identity
 * @param {(panel: DrawnPanel) => void} listener
 */
export function whenDrawn(identity, listener) {
  document.querySelector(`[data-panel=${identity}]`)?.addEventListener("drawn", (event) => {
    listener(/** @type {CustomEvent<DrawnPanel>} */ (event).detail);
  });
}

/**
 * Marks of runs have the page's own card instead of a label, and are not dimmed by a brush.
 *
 * @param {PlotlyTrace} trace
 */
function dress(trace) {
  if (trace.meta?.of === "runs" || trace.meta?.of === "trials") trace.hoverinfo = "none";
  if (trace.type !== "scatter") return;
  const opacity = trace.marker?.opacity ?? 1;
  if (trace.mode?.includes("markers")) trace.unselected = { marker: { opacity } };
}

/** @param {DrawnPanel} panel */
function connectPickers(panel) {
  const menus = [...panel.element.querySelectorAll("select")];
  const note = panel.element.querySelector(".note");
  const { stored } = panel;
  const pick = async () => {
    const keys = menus.map((menu) => menu.value);
    const options = menus.map((_, i) => stored.pickers[i][keys[i]]);
    const joint = stored.joint[keys.join("|")];
    if (joint) options.push(joint);
    const restyle = Object.assign({}, ...options.map((option) => option.restyle));
    const relayout = Object.assign({}, ...options.map((option) => option.relayout));
    Object.assign(panel.brush, ...options.map((option) => option.brush ?? {}));
    await Plotly.update(panel.frame, restyle, { ...relayout, selections: [] });
    const text = options
      .map((option) => option.note)
      .join(" ")
      .trim();
    if (note instanceof HTMLElement) {
      note.textContent = text;
      note.hidden = text === "";
    }
    redrawMarks(panel);
  };
  for (const menu of menus) menu.addEventListener("change", pick);
  if (menus.some(isChanged)) pick();
}

/**
 * Whether a menu differs from what Python drew: a browser may restore a choice on reload.
 *
 * @param {HTMLSelectElement} menu
 */
export function isChanged(menu) {
  return menu.value !== menu.querySelector("option[selected]")?.getAttribute("value");
}

/** @param {DrawnPanel} panel */
function connectKey(panel) {
  for (const button of panel.element.querySelectorAll(".key button")) {
    button.addEventListener("click", async () => {
      const visible = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(visible));
      const outcome = button.getAttribute("data-outcome");
      const traces = panel.stored.data.flatMap((trace, i) =>
        trace.meta?.outcome === outcome ? [i] : [],
      );
      if (traces.length) await Plotly.restyle(panel.frame, { visible }, traces);
    });
  }
}

/** Register every figure of the page: each is drawn when it comes near. */
export function connectPanels() {
  const near = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const panel = panels.find((it) => it.element === target);
        if (!panel) continue;
        panel.visible = isIntersecting;
        if (!isIntersecting) continue;
        drawPanel(panel);
        if (panel.stored && panel.stale) redrawMarks(panel);
      }
    },
    { rootMargin: NEAR },
  );
  for (const element of document.querySelectorAll("[data-panel]")) {
    const panel = newPanel(/** @type {HTMLElement} */ (element));
    panels.push(panel);
    connectTable(panel, async () => {
      await drawPanel(panel);
      return panel.stored?.table ?? {};
    });
    near.observe(element);
  }
  selection.onChange(() => {
    for (const panel of panels) {
      if (!panel.stored) continue;
      dropOldBrush(panel);
      redrawMarks(panel);
    }
  });
}

/**
 * @param {HTMLElement} element
 * @returns {Panel}
 */
function newPanel(element) {
  return {
    identity: element.dataset.panel ?? "",
    element,
    frame: /** @type {import("./types").PlotlyFrame} */ (within(element, ".frame")),
    usesWebgl: element.hasAttribute("data-webgl"),
    visible: false,
    stale: true,
    brush: {},
  };
}

/** Draw the figures that are out of sight, while the reader reads; WebGL waits until it is near. */
export async function drawTheRest() {
  for (const panel of panels.filter((it) => !it.usesWebgl)) {
    await new Promise((resolve) => (window.requestIdleCallback ?? requestAnimationFrame)(resolve));
    await drawPanel(panel);
  }
  document.documentElement.dataset.complete = "true";
  document.dispatchEvent(new Event("complete"));
}
