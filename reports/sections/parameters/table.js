// The table of all runs: its rows are made from the store, and only those in sight are in the
// document, so that eighty thousand runs scroll as fast as ten.

import { saveCsv } from "../../browser/csv.js";
import { byId, make, within } from "../../browser/elements.js";
import { glyphOf } from "../../browser/glyph.js";
import { selection } from "../../browser/selection.js";
import { atStart } from "../../browser/start.js";
import { columnOf, store, valueIn } from "../../browser/store.js";
import { counted, fixed, imagesText, numberText, valueText } from "../../browser/words.js";

/** @typedef {import("../../browser/types").Value} Value */

/**
 * `file` is the column's name in the CSV file.
 *
 * @typedef {object} TableColumn
 * @property {string} title
 * @property {string} file
 * @property {boolean} isNumber
 * @property {(run: number) => Value} value
 * @property {(run: number) => string} text
 */

const ROW_PIXELS = 33;
const SPARE_ROWS = 10;
const MOST_PRINTED = 50;
const WIDEST = 22; // of a column, in characters; the last one is wider
const STORY = "what_happened";
const STORY_WIDTH = 72;

const runTable = {
  /** @type {TableColumn[]} */
  columns: [],
  /** @type {number[]} All runs as sorted. */
  order: [],
  /** @type {number[]} Those that match the filter. */
  matching: [],
  /** @type {Map<number, { run: number, row: HTMLTableRowElement }>} In the document, by index in `matching`. */
  rows: new Map(),
  /** @type {number[] | null} The trials of `matching`, computed on demand. */
  trials: null,
  sorted: { column: -1, isDown: false },
};

atStart(() => {
  if (!document.getElementById("trials-table")) return;
  runTable.columns = tableColumns();
  runTable.order = firstOrder();
  selection.order = tableOrder;
  buildTable();
  filterTable();
  selection.onChange(tableChanged);
  byId("runs-csv").addEventListener("click", saveRuns);
  addEventListener("beforeprint", () => drawRows(MOST_PRINTED));
  addEventListener("afterprint", () => drawRows());
});

/** The trials in the order of the table, the matching ones only: the arrow keys step through them. */
function tableOrder() {
  runTable.trials ??= [...new Set(runTable.matching.map((run) => store.runs.trial[run]))];
  return runTable.trials;
}

/** @returns {TableColumn[]} */
function tableColumns() {
  const { runs, study } = store;
  const parameters = store.columns.filter((it) => it.level === "trial" && it.name !== "origin");
  const origin = columnOf("origin");
  return [
    numbersOfRuns("trial", "trial", runs.trial, String),
    numbersOfRuns("seed", "seed", runs.seed, String),
    textsOfRuns("verdict", runs.outcome),
    textsOfRuns("stage", runs.stage),
    numbersOfRuns("score", "score", runs.score, fixed),
    numbersOfRuns("quality", "final_quality", runs.quality, fixed),
    numbersOfRuns(study.names.kernel, study.names.kernel, runs.kernel, numberText),
    numbersOfRuns(study.names.frechet, study.names.frechet, runs.frechet, numberText),
    ...(origin ? [ofTrials(origin)] : []),
    ...parameters.map(ofTrials),
    { title: "what happened", file: STORY, isNumber: false, value: storyOf, text: storyOf },
  ];
}

/**
 * @template {number | null} T
 * @param {string} title
 * @param {string} file
 * @param {T[]} values
 * @param {(value: T) => string} text
 * @returns {TableColumn}
 */
function numbersOfRuns(title, file, values, text) {
  const value = (/** @type {number} */ run) => values[run] ?? null;
  return { title, file, isNumber: true, value, text: (run) => text(values[run]) };
}

/**
 * @param {string} title
 * @param {string[]} values
 * @returns {TableColumn}
 */
function textsOfRuns(title, values) {
  const value = (/** @type {number} */ run) => values[run];
  return { title, file: title, isNumber: false, value, text: value };
}

/**
 * @param {import("../../browser/types").Column} column
 * @returns {TableColumn}
 */
function ofTrials(column) {
  const value = (/** @type {number} */ run) => valueIn(column, run);
  const isNumber = column.kind === "number";
  const text = (/** @type {number} */ run) => valueText(value(run));
  return { title: column.title, file: column.name, isNumber, value, text };
}

/**
 * What happened in a run, in one line: evidence, confidence, flags, and what was not judged.
 *
 * @param {number} run
 */
function storyOf(run) {
  const runs = store.runs;
  if (runs.error[run]) return runs.error[run];
  if (!runs.evidence[run]) return "";
  const onset = runs.onset[run];
  const sure = runs.confidence[run];
  const at = onset === null ? "" : `at ${imagesText(onset)} images: `;
  const confidence = sure === null ? "" : ` (confidence ${fixed(sure)})`;
  const flags = runs.flags[run].map(
    ([name, evidence]) => `flagged ${name}${evidence ? `: ${evidence}` : ""}`,
  );
  const blind = runs.notJudged[run].map((reason) => `not judged: ${reason}`);
  return [at + runs.evidence[run] + confidence, ...flags, ...blind].join("; ");
}

/** The leading trial's runs first, then by score. */
function firstOrder() {
  const { trial, score } = store.runs;
  const isLeading = (/** @type {number} */ run) => Number(trial[run] === store.study.leading);
  return trial
    .map((_, run) => run)
    .sort((a, b) => isLeading(b) - isLeading(a) || (score[b] ?? -1) - (score[a] ?? -1) || a - b);
}

/** @param {number} index of the column */
function sortTable(index) {
  const { sorted, columns, order } = runTable;
  const isDown = sorted.column === index ? !sorted.isDown : false;
  runTable.sorted = { column: index, isDown };
  const keys = store.runs.trial.map((_, run) => columns[index].value(run));
  const turn = isDown ? -1 : 1;
  order.sort((a, b) => compared(keys[a], keys[b], turn) || a - b);
  document.querySelectorAll("#runs-table thead th").forEach((header, i) => {
    const direction = isDown ? "descending" : "ascending";
    header.setAttribute("aria-sort", i === index ? direction : "none");
  });
  filterTable();
}

/**
 * The order of two values. Missing values stay last in either direction.
 *
 * @param {Value} first
 * @param {Value} second
 * @param {number} turn
 */
function compared(first, second, turn) {
  if (first === null || second === null) return Number(first === null) - Number(second === null);
  if (typeof first === "number" && typeof second === "number") return turn * (first - second);
  return turn * String(first).localeCompare(String(second));
}

function filterTable() {
  const mask = selection.runs;
  runTable.matching = mask ? runTable.order.filter((run) => mask[run]) : runTable.order;
  runTable.trials = null;
  const count = runTable.matching.length;
  byId("runs-count").textContent =
    `showing ${count.toLocaleString("en")} of ${counted(runTable.order.length, "run")}`;
  byId("runs-table").setAttribute("aria-rowcount", String(count + 1));
  byId("trials-table").scrollTop = 0;
  drawRows();
}

/** @param {boolean} isFiltered */
function tableChanged(isFiltered) {
  if (isFiltered) filterTable();
  showTrialRow();
  drawRows();
}

/** Scroll the selected trial's first row into the table's own window; the page stays. */
function showTrialRow() {
  const scroll = byId("trials-table");
  const index = runTable.matching.findIndex((run) => store.runs.trial[run] === selection.trial);
  if (index < 0) return;
  const [top, head] = [index * ROW_PIXELS, within(scroll, "thead").offsetHeight];
  const low = scroll.scrollTop;
  if (top >= low && top + ROW_PIXELS <= low + scroll.clientHeight - head) return;
  scroll.scrollTop = Math.max(0, top - (scroll.clientHeight - head) / 3);
}

function buildTable() {
  const scroll = byId("trials-table");
  scroll.replaceChildren(
    make(
      "table",
      { id: "runs-table", class: "run-table", "aria-labelledby": "runs-title" },
      columnWidths(),
      tableHead(),
      make("tbody", {}, gapRow(), gapRow()),
    ),
  );
  let isWaiting = false;
  const redraw = () => {
    isWaiting = false;
    drawRows();
  };
  const scrolled = () => {
    if (!isWaiting) requestAnimationFrame(redraw);
    isWaiting = true;
  };
  scroll.addEventListener("scroll", scrolled, { passive: true });
  scroll.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== scroll || selection.trial === null) return;
    byId("trial").scrollIntoView();
  });
}

/** Fixed widths: columns must not change width when the table scrolls. */
function columnWidths() {
  const step = Math.max(1, Math.floor(runTable.order.length / 200));
  const sample = runTable.order.filter((_, i) => i % step === 0);
  const widths = runTable.columns.map((column) => {
    if (column.file === STORY) return STORY_WIDTH;
    const longest = Math.max(...sample.map((run) => column.text(run).length));
    const glyph = column.file === "verdict" ? 2 : 0;
    return Math.min(WIDEST, Math.max(longest + glyph, column.title.length + 2)) + 2.5;
  });
  return make(
    "colgroup",
    {},
    ...widths.map((width) => make("col", { style: `width:${width}ch` })),
  );
}

function tableHead() {
  const headers = runTable.columns.map((column, index) => {
    const title = `Sort by ${column.title}`;
    const button = make("button", { type: "button", title }, column.title);
    button.addEventListener("click", () => sortTable(index));
    const attributes = { "aria-sort": "none", class: column.isNumber ? "number" : null };
    return make("th", { scope: "col", ...attributes }, button);
  });
  return make("thead", {}, make("tr", { "aria-rowindex": 1 }, ...headers));
}

/** Put the rows in sight into the document, or the first `most` of them, for printing. */
function drawRows(most = 0) {
  const scroll = byId("trials-table");
  const { matching } = runTable;
  const inSight = Math.ceil(scroll.clientHeight / ROW_PIXELS) + 2 * SPARE_ROWS;
  const first = Math.floor(scroll.scrollTop / ROW_PIXELS) - SPARE_ROWS;
  const start = most ? 0 : Math.max(0, Math.min(first, matching.length - inSight));
  const end = Math.min(matching.length, most || start + inSight);
  fillRows(within(scroll, "tbody"), start, end);
  const [above, below] = scroll.querySelectorAll(".gap td");
  above.setAttribute("style", `height:${start * ROW_PIXELS}px`);
  below.setAttribute("style", `height:${(matching.length - end) * ROW_PIXELS}px`);
  byId("runs-printed").textContent =
    matching.length > end
      ? `Printed: the first ${end} of these runs. The CSV file has all of them.`
      : "";
}

/**
 * Rows that stay in sight stay as they are: a new element would lose the focus.
 *
 * @param {HTMLElement} body
 * @param {number} start
 * @param {number} end
 */
function fillRows(body, start, end) {
  const { rows, matching } = runTable;
  for (const [index, { run, row }] of rows) {
    if (index >= start && index < end && run === matching[index]) continue;
    row.remove();
    rows.delete(index);
  }
  let next = body.lastElementChild;
  for (let index = end - 1; index >= start; index -= 1) {
    const run = matching[index];
    let row = rows.get(index)?.row;
    if (!row) {
      row = tableRow(run, index);
      rows.set(index, { run, row });
      next?.before(row);
    }
    next = row;
    if (store.runs.trial[run] === selection.trial) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

/** A row in place of those that are not in the document. */
function gapRow() {
  const cell = make("td", { colspan: runTable.columns.length });
  return make("tr", { "aria-hidden": "true", class: "gap" }, cell);
}

/**
 * @param {number} run
 * @param {number} index
 */
function tableRow(run, index) {
  const trial = store.runs.trial[run];
  const kind = trial === store.study.leading ? "leading" : null;
  const [first, ...others] = runTable.columns;
  const row = make(
    "tr",
    { "aria-rowindex": index + 2, class: kind },
    // Arrow keys step through the rows: thousands of tab stops would trap keyboard users.
    make(
      "th",
      { scope: "row" },
      make("a", { href: `#trial=${trial}`, tabindex: -1 }, first.text(run)),
    ),
    ...others.map((column) => tableCell(column, run)),
  );
  row.addEventListener("click", () => selection.set({ trial }));
  return row;
}

/**
 * @param {TableColumn} column
 * @param {number} run
 */
function tableCell(column, run) {
  const text = column.text(run);
  const glyph = column.file === "verdict" ? glyphOf(text) : null;
  const kind = column.isNumber ? "number" : column.file === STORY ? "story" : null;
  return make("td", { class: kind, title: text.length > WIDEST ? text : null }, glyph, text);
}

/** All matching runs in the table's order, with all digits in the page. */
function saveRuns() {
  const { columns, matching } = runTable;
  const name = store.study.name.replace(/[^\w.-]+/g, "_");
  saveCsv(`${name}-runs.csv`, [
    columns.map((column) => column.file),
    ...matching.map((run) => columns.map((column) => column.value(run))),
  ]);
}
