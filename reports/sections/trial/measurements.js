// What the seeds of a trial measured: a small chart for every metric and signal.

import { make } from "../../browser/elements.js";
import { curveOf, multiple, smallChart } from "../../browser/multiples.js";
import { curve, store } from "../../browser/store.js";
import { imagesText } from "../../browser/words.js";
import { isClassShare } from "./classes.js";
import { folderOf } from "./pictures.js";

/** @typedef {import("../../browser/types").Line} Line */
/** @typedef {import("../../browser/types").Store["metrics"]} Metrics */

const SPARK = { width: 180, height: 44, side: 6, top: 5, bottom: 5 };
const OF_ONE_LAYER = /_\d+$/;
/** @type {[number, number]} */
const QUALITY_AXIS = [0, 1];

/**
 * @param {number[]} runs
 * @param {Float32Array} images
 * @param {Float32Array | null} values
 * @returns {Line[]}
 */
export function linesOf(runs, images, values) {
  return runs.map((run) => ({
    run,
    points: curveOf(run, images, values),
    onset: store.runs.onset[run],
    outcome: store.runs.outcome[run],
  }));
}

/**
 * A run's quality over time, as a sparkline.
 *
 * @param {Line} line
 */
export function sparkline(line) {
  return smallChart("quality", [line], { fixed: QUALITY_AXIS, box: SPARK })?.svg;
}

/**
 * Charts of everything that the runs measured, the chosen run's lines in bold.
 *
 * @param {number[]} runs
 * @param {number} chosen
 * @param {Float32Array} images
 */
export async function measurements(runs, chosen, images) {
  const all = store.metrics.filter(({ name }) => name !== "images_seen" && !isClassShare(name));
  const isSignal = (/** @type {Metrics[0]} */ { name }) => name.startsWith("signal_");
  const isSchedule = (/** @type {Metrics[0]} */ { name }) => name.startsWith("scheduled_");
  const ofLayers = all.filter((it) => isSignal(it) && OF_ONE_LAYER.test(it.name));
  const signals = all.filter((it) => isSignal(it) && !OF_ONE_LAYER.test(it.name));
  const schedules = all.filter(isSchedule);
  const metrics = all.filter((it) => !isSignal(it) && !isSchedule(it));
  const [measured, signalled, scheduled] = await Promise.all(
    [metrics, signals, schedules].map((group) => multiplesOf(group, runs, chosen, images)),
  );
  const note =
    `Over images seen, 0 to ${imagesText(store.study.budget)}. Bold: the chosen seed. Dotted: ` +
    "real images. A failure is marked where it began; axes are scaled to the values before it.";
  /** @type {HTMLElement[]} */
  const parts = [
    make("h4", {}, "What was measured, seed by seed"),
    make("p", { class: "note" }, note),
    make("div", { class: "multiples" }, ...measured.charts),
  ];
  if (signalled.charts.length) {
    parts.push(
      make("h4", {}, "Signals of training"),
      make("div", { class: "multiples" }, ...signalled.charts),
    );
  }
  if (scheduled.charts.length) {
    parts.push(
      make("h4", {}, "Settings with a schedule"),
      make("div", { class: "multiples" }, ...scheduled.charts),
    );
  }
  const missing = [...measured.missing, ...signalled.missing];
  if (missing.length) {
    const file = make("code", {}, `${folderOf(runs[0])}evaluations.jsonl`);
    const text = `Not on this page for this trial: ${missing.join(", ")}; see `;
    parts.push(make("p", { class: "note" }, text, file, "."));
  }
  if (ofLayers.length) parts.push(layerSignals(ofLayers, runs, chosen, images));
  return parts;
}

/**
 * Charts of metrics, and the titles of those that have no value in these runs.
 *
 * @param {Metrics} metrics
 * @param {number[]} runs
 * @param {number} chosen
 * @param {Float32Array} images
 */
async function multiplesOf(metrics, runs, chosen, images) {
  const values = await Promise.all(metrics.map(({ name }) => curve(name)));
  /** @type {HTMLElement[]} */
  const charts = [];
  /** @type {string[]} */
  const missing = [];
  metrics.forEach(({ name, title }, i) => {
    const chart = multiple(title, linesOf(runs, images, values[i]), {
      chosen,
      fixed: name === "quality" ? QUALITY_AXIS : null,
      baseline: store.study.baseline[name] ?? null,
    });
    if (chart) charts.push(chart);
    else missing.push(title);
  });
  return { charts, missing };
}

/**
 * Signals of single layers are many, so they are drawn when the reader unfolds them.
 *
 * @param {Metrics} layers
 * @param {number[]} runs
 * @param {number} chosen
 * @param {Float32Array} images
 */
function layerSignals(layers, runs, chosen, images) {
  const grid = make("div", { class: "multiples" });
  const summary = make("summary", {}, `${layers.length} signals of single layers`);
  const details = make("details", {}, summary, grid);
  const fill = async () => {
    const { charts } = await multiplesOf(layers, runs, chosen, images);
    grid.replaceChildren(...(charts.length ? charts : ["Not on this page for this trial."]));
  };
  details.addEventListener("toggle", fill, { once: true });
  return details;
}
