// The store: trials, runs, curves and pictures, read once from the page's own data blocks.

import { byId } from "./elements.js";
import { imagesText, numberText, valueText } from "./words.js";

/** @typedef {import("./types").Column} Column */

/**
 * Empty on a page without a study, such as a comparison.
 *
 * @type {import("./types").Store}
 */
export const store = {
  study: {
    name: "",
    folder: "",
    budget: null,
    names: { frechet: "", kernel: "" },
    leading: null,
    logFrom: Infinity,
    classes: [],
    realShares: null,
    baseline: {},
  },
  base: {},
  outcomes: {},
  trials: { number: [], origin: [], overrides: [] },
  runs: {
    trial: [],
    seed: [],
    stage: [],
    outcome: [],
    onset: [],
    life: [],
    score: [],
    quality: [],
    confidence: [],
    frechet: [],
    kernel: [],
    images: [],
    cost: [],
    started: [],
    ended: [],
    attempts: [],
    evidence: [],
    error: [],
    flags: [],
    notJudged: [],
  },
  columns: [],
  first: [],
  metrics: [],
  filmstrips: {},
  neighbours: {},
  pictures: {},
};

/** @type {Map<number, number>} */
const indexOfTrial = new Map();
/** @type {Map<number, number[]>} */
const runsOfTrial = new Map();
/** @type {Map<string, Column>} */
const columnOfName = new Map();
/** @type {Map<string, Promise<Float32Array | null>>} */
const curves = new Map();

/**
 * The bytes of a packed data block.
 *
 * @param {string} identity
 */
export async function unpack(identity) {
  const text = byId(identity).textContent ?? "";
  const bytes =
    Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * The content of a packed data block: JSON, gzipped, in base64.
 *
 * @param {string} identity
 */
export async function unpackJson(identity) {
  return JSON.parse(new TextDecoder().decode(await unpack(identity)));
}

/** Fill the store from the page. */
export async function readStore() {
  const packed = await unpackJson("store");
  for (const name of ["stage", "outcome"]) {
    const { codes, levels } = packed.runs[name];
    packed.runs[name] = codes.map((/** @type {number} */ code) => levels[code]);
  }
  Object.assign(store, packed, { first: Int32Array.from(packed.first) });
  store.pictures = JSON.parse(byId("pictures").textContent ?? "{}");
  store.trials.number.forEach((number, i) => {
    indexOfTrial.set(number, i);
    runsOfTrial.set(number, []);
  });
  store.runs.trial.forEach((number, run) => {
    if (!runsOfTrial.has(number)) runsOfTrial.set(number, []);
    runsOf(number).push(run);
  });
  for (const column of store.columns) {
    connectColumn(column);
    columnOfName.set(column.name, column);
  }
}

/**
 * Values of columns of runs are in store.runs already; a category becomes its levels and codes.
 *
 * @param {Column} column
 */
function connectColumn(column) {
  if (column.of === undefined) return;
  const values = store.runs[column.of];
  column.values = values;
  if (column.kind !== "category") return;
  const ordered = column.of === "outcome" ? Object.keys(store.outcomes) : [];
  const levels = [...new Set([...ordered, ...values.map(String)])];
  const code = new Map(levels.map((level, i) => [level, i]));
  column.levels = levels;
  column.values = values.map((value) => code.get(String(value)) ?? null);
}

/**
 * The place of a trial among the trials; undefined for a trial that the study lacks.
 *
 * @param {number} trial
 */
export function trialIndex(trial) {
  return indexOfTrial.get(trial);
}

/**
 * The runs of a trial.
 *
 * @param {number} trial
 */
export function runsOf(trial) {
  return runsOfTrial.get(trial) ?? [];
}

/** @param {string} name */
export function columnOf(name) {
  return columnOfName.get(name);
}

/**
 * The value of a column for a run.
 *
 * @param {Column} column
 * @param {number} run
 * @returns {import("./types").Value}
 */
export function valueIn(column, run) {
  const index = column.level === "trial" ? trialIndex(store.runs.trial[run]) : run;
  const value = index === undefined ? null : (column.values[index] ?? null);
  return column.levels && typeof value === "number" ? column.levels[value] : value;
}

/**
 * A metric or signal of every row of evaluations, NaN where it was not measured; null for a name
 * that the page lacks.
 *
 * @param {string} name
 */
export function curve(name) {
  const kept = curves.get(name);
  if (kept) return kept;
  const index = store.metrics.findIndex((metric) => metric.name === name);
  const values = index < 0 ? Promise.resolve(null) : unpack(`curve-${index}`).then(joinPlanes);
  curves.set(name, values);
  return values;
}

/**
 * The bytes of all values lie in four planes, which compress better than values one by one.
 *
 * @param {Uint8Array} bytes
 */
function joinPlanes(bytes) {
  const count = bytes.length / 4;
  const joined = new Uint8Array(bytes.length);
  for (let plane = 0; plane < 4; plane += 1) {
    const start = plane * count;
    for (let i = 0; i < count; i += 1) joined[4 * i + plane] = bytes[start + i];
  }
  return new Float32Array(joined.buffer);
}

/**
 * The lines of a run's card: its name, verdict, quality and settings.
 *
 * @param {number} run
 */
export function describe(run) {
  const of = store.runs;
  const failed = of.onset[run] !== null && store.outcomes[of.outcome[run]].fails;
  const lines = [
    `trial ${of.trial[run]}, seed ${of.seed[run]} (${of.stage[run]})`,
    `${of.outcome[run]}${failed ? ` at ${imagesText(of.onset[run])} images` : ""}`,
    `quality ${numberText(of.quality[run])}, score ${numberText(of.score[run])}`,
    `${store.study.names.kernel} ${numberText(of.kernel[run])}`,
  ];
  for (const column of store.columns) {
    if (column.level !== "trial" || column.name === "origin") continue;
    const value = valueIn(column, run);
    if (value !== null) lines.push(`${column.title} ${valueText(value)}`);
  }
  return lines;
}

/**
 * A value of a nested configuration by its path, such as `loss.kind`; undefined where it has none.
 *
 * @param {unknown} config
 * @param {string} path
 * @returns {unknown}
 */
export function settingAt(config, path) {
  return path.split(".").reduce((node, part) => /** @type {any} */ (node)?.[part], config);
}
