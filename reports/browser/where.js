// The filter: one small language that the box, the brushes and the bars all write.
//
//   collapsed            a word of the run's verdict, stage, origin, flags or choices
//   loss=hinge|wgan      a column that is any of these
//   generator_lr=..1e-3  a column within a range; either end may be missing
//   -stage=explore       not

import { columnOf, store, valueIn } from "./store.js";

/** @typedef {import("./types").Column} Column */

/** @param {string} where */
export function splitTerms(where) {
  return where.match(/(?:"[^"]*"|[^\s"])+/g) ?? [];
}

/** @param {string} text */
function unquoted(text) {
  return text.replaceAll('"', "");
}

/**
 * A value as a term writes it: in quotes where it would fall apart.
 *
 * @param {unknown} value
 */
export function quoted(value) {
  const text = unquoted(String(value));
  return /[\s|]|\.\./.test(text) || text === "" ? `"${text}"` : text;
}

/**
 * The path as filters write it: `optimizer.generator.lr` ends in `generator_lr`.
 *
 * @param {string} name
 */
function filterPath(name) {
  return name.replace(/\.(generator|critic)\./, ".$1_");
}

/**
 * The column that a name means: its whole name, or the only one whose path ends so.
 *
 * @param {string} name
 */
function columnNamed(name) {
  const whole = columnOf(name);
  if (whole) return whole;
  const wanted = filterPath(name.toLowerCase());
  const ends = store.columns.filter((column) => {
    const path = filterPath(column.name.toLowerCase());
    return path === wanted || path.endsWith(`.${wanted}`) || column.title.toLowerCase() === wanted;
  });
  return ends.length === 1 ? ends[0] : null;
}

/**
 * The shortest name that means this column.
 *
 * @param {string} name
 */
export function shortPath(name) {
  const end = filterPath(name).split(".").at(-1) ?? name;
  return columnNamed(end)?.name === name ? end : name;
}

/**
 * The runs of a study that match every term, one byte a run; null when there is no term.
 *
 * @param {string} where
 */
export function matchingRuns(where) {
  const terms = splitTerms(where);
  if (!terms.length) return null;
  const mask = new Uint8Array(store.runs.trial.length).fill(1);
  for (const term of terms) {
    const negative = term.length > 1 && term.startsWith("-");
    const holds = testOf(negative ? term.slice(1) : term);
    for (let run = 0; run < mask.length; run += 1) {
      if (mask[run] && holds(run) === negative) mask[run] = 0;
    }
  }
  return mask;
}

/**
 * Whether one term holds, as a function of a run.
 *
 * @param {string} term
 * @returns {(run: number) => boolean}
 */
function testOf(term) {
  const [, name, value] = term.match(/^([^=]+)=(.*)$/) ?? [];
  const column = name ? columnNamed(unquoted(name)) : null;
  if (!column) {
    const word = unquoted(term).toLowerCase();
    return (run) => runText(run).includes(word);
  }
  const range = splitRange(value);
  if (range) return rangeTest(column, range);
  const wanted = new Set(splitValues(value).map((text) => text.toLowerCase()));
  return (run) => {
    const actual = valueIn(column, run);
    if (actual === null) return wanted.has("none") || wanted.has("–");
    return (
      wanted.has(String(actual).toLowerCase()) ||
      (typeof actual === "number" && [...wanted].some((text) => Number(text) === actual))
    );
  };
}

/**
 * Both ends of `lo..hi`, empty where one is open; null for a value that is no range.
 *
 * @param {string} value
 * @returns {[string, string] | null}
 */
export function splitRange(value) {
  const [, low, high] = value.match(/^([^.|"]*(?:\.\d[^.|"]*)?)\.\.(.*)$/) ?? [];
  return low === undefined ? null : [low, high];
}

/** @param {string} value */
export function splitValues(value) {
  return (value.match(/(?:"[^"]*"|[^|"])+/g) ?? [""]).map(unquoted);
}

/**
 * @param {Column} column
 * @param {[string, string]} range
 * @returns {(run: number) => boolean}
 */
function rangeTest(column, [first, last]) {
  const low = first === "" ? -Infinity : Number(first);
  const high = last === "" ? Infinity : Number(last);
  return (run) => {
    const value = valueIn(column, run);
    return typeof value === "number" && value >= low && value <= high;
  };
}

/** @type {string[]} */
const texts = [];

/**
 * The text that plain words are looked for in.
 *
 * @param {number} run
 */
function runText(run) {
  if (texts[run] === undefined) {
    const of = store.runs;
    const parts = [
      `trial ${of.trial[run]}`,
      `seed ${of.seed[run]}`,
      of.outcome[run],
      of.stage[run],
      ...of.flags[run].map(([name]) => name),
      of.error[run],
      of.evidence[run],
    ];
    for (const column of store.columns) {
      if (column.level === "trial" && column.kind === "category") {
        parts.push(String(valueIn(column, run) ?? ""));
      }
    }
    texts[run] = parts.join(" ").toLowerCase();
  }
  return texts[run];
}

/**
 * The name of the column that a positive term is about.
 *
 * @param {string} term
 */
export function columnOfTerm(term) {
  const name = term.match(/^([^=-][^=]*)=/)?.[1];
  return name ? columnNamed(unquoted(name))?.name : undefined;
}

/**
 * `where` with the terms of some columns replaced: a brush moves, it does not pile up.
 *
 * @param {string} where
 * @param {string[]} terms
 */
export function withTerms(where, terms) {
  const nameOf = (/** @type {string} */ term) => columnOfTerm(term.replace(/^-/, ""));
  const replaced = new Set(terms.map(nameOf).filter(Boolean));
  const kept = splitTerms(where).filter((term) => !replaced.has(nameOf(term)));
  return [...kept, ...terms].join(" ");
}

/**
 * @param {string} where
 * @param {string[]} names
 */
export function withoutColumns(where, names) {
  return splitTerms(where)
    .filter((term) => !names.includes(columnOfTerm(term) ?? ""))
    .join(" ");
}
