// A trial's configuration: the base with the trial's overrides, the differences first and marked,
// family by family.

import { make } from "../../browser/elements.js";
import { settingAt, store, trialIndex } from "../../browser/store.js";

/** @typedef {Record<string, unknown>} Config */

/**
 * @param {number} trial
 * @param {import("./closeup.js").Roles} roles with the paths that the search space samples
 */
export function configuration(trial, { sampled, families }) {
  const overrides = store.trials.overrides[trialIndex(trial) ?? -1] ?? {};
  const isSampled = (/** @type {string} */ path) => sampled.includes(path);
  const paths = Object.keys(overrides).sort(
    (a, b) => Number(isSampled(b)) - Number(isSampled(a)) || a.localeCompare(b),
  );
  const row = (/** @type {string} */ path) => [
    path,
    JSON.stringify(overrides[path]),
    JSON.stringify(settingAt(store.base, path)) ?? "–",
    isSampled(path) ? "sampled" : "follows from it",
  ];
  const familyOf = (/** @type {string} */ path) =>
    families.of[path.split(".")[0]] ?? families.other;
  const groups = [...new Set([...Object.values(families.of), families.other])]
    .map(
      (family) =>
        /** @type {const} */ ([
          family,
          paths.filter((path) => familyOf(path) === family).map(row),
        ]),
    )
    .filter(([, rows]) => rows.length);
  const same = sampled.filter((path) => !(path in overrides));
  return make(
    "div",
    { class: "configuration" },
    make("h4", {}, "Configuration"),
    groups.length ? differences(groups) : null,
    make(
      "p",
      { class: "note" },
      "Above: the differences from the study's base configuration. Below: the whole configuration. ",
      ...(same.length
        ? ["Sampled, but as in the base or on a branch not taken: ", ...asCode(same), "."]
        : []),
    ),
    configurationText(overrides),
  );
}

/** @param {(readonly [string, string[][]])[]} groups the rows of each family */
function differences(groups) {
  const head = ["", "this trial", "base", ""].map((title) => make("th", { scope: "col" }, title));
  const line = (/** @type {string[]} */ [path, ...cells]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, path),
      ...cells.map((cell) => make("td", {}, cell)),
    );
  const bodies = groups.map(([family, rows]) =>
    make(
      "tbody",
      {},
      groups.length > 1
        ? make(
            "tr",
            { class: "family" },
            make("th", { scope: "rowgroup", colspan: head.length }, family),
          )
        : null,
      ...rows.map(line),
    ),
  );
  return make(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Differences from the base" },
    make("table", {}, make("thead", {}, make("tr", {}, ...head)), ...bodies),
  );
}

/**
 * Names separated by commas, each in its own element: right-to-left text reorders no other name.
 *
 * @param {string[]} names
 */
function asCode(names) {
  return names.flatMap((name, i) => [i ? ", " : "", make("code", {}, name)]);
}

/** @param {Config} overrides */
function configurationText(overrides) {
  /** @type {Config} */
  const whole = structuredClone(store.base);
  for (const [path, value] of Object.entries(overrides)) setAt(whole, path.split("."), value);
  const code = make("code", {}, ...jsonPieces(whole, overrides));
  return make(
    "div",
    { class: "command" },
    make("pre", { tabindex: 0 }, code),
    make("button", { type: "button", class: "copy" }, "copy"),
  );
}

/**
 * @param {Config} config
 * @param {string[]} path
 * @param {unknown} value
 */
function setAt(config, [first, ...rest], value) {
  if (!rest.length) {
    config[first] = value;
    return;
  }
  // A key of the prototype, such as "constructor", is not part of the configuration.
  if (!Object.hasOwn(config, first)) config[first] = {};
  setAt(/** @type {Config} */ (config[first]), rest, value);
}

/**
 * The JSON in pieces of text, with the lines that the trial sets marked.
 *
 * @param {object} node
 * @param {Config} overrides
 * @returns {(string | HTMLElement)[]}
 */
function jsonPieces(node, overrides, prefix = "", indent = "") {
  const inner = `${indent}  `;
  const entries = Object.entries(node);
  const pieces = entries.flatMap(([key, value], i) => {
    const path = prefix + key;
    const comma = i < entries.length - 1 ? ",\n" : "\n";
    const start = `${inner}${JSON.stringify(key)}: `;
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      return [start, ...jsonPieces(value, overrides, `${path}.`, inner), comma];
    }
    const line = start + JSON.stringify(value);
    return [path in overrides ? make("mark", {}, line) : line, comma];
  });
  return ["{\n", ...pieces, `${indent}}`];
}
