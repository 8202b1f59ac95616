// The table of all runs: its rows are made from the store, and only those in sight are in the
// document, so that eighty thousand runs scroll as ten do.

const ROW_PIXELS = 33;
const SPARE_ROWS = 10;
const MOST_PRINTED = 50;
const WIDEST = 22; // of a column, in characters; the last one is wider
const STORY_WIDTH = 72;

const runTable = {
  columns: [], // {title, file, value(run), text(run), isNumber}
  order: [], // all run indexes as sorted
  shown: [], // those of them that match the filter
  rows: new Map(), // those in the document, by their place in `shown`
  trials: null, // the trials of `shown`, made when asked for
  sorted: { column: -1, down: false },
};

STARTERS.push(async () => {
  if (!document.getElementById("trials-table")) return;
  runTable.columns = tableColumns();
  runTable.order = firstOrder();
  buildTable();
  filterTable();
  selection.onChange(tableChanged);
  document.getElementById("runs-csv").addEventListener("click", saveRuns);
  addEventListener("beforeprint", () => drawRows(MOST_PRINTED));
  addEventListener("afterprint", () => drawRows());
});

/** The trials in the order of the table, the matching ones only: what arrow keys walk through. */
function tableOrder() {
  runTable.trials ??= [...new Set(runTable.shown.map((run) => store.runs.trial[run]))];
  return runTable.trials;
}

function tableColumns() {
  const runs = store.runs;
  const ofRun = (title, file, values, text) => ({
    title, file, isNumber: Boolean(text), value: (run) => values[run] ?? null,
    text: (run) => (text ? text(values[run]) : values[run]),
  });
  const ofTrial = (column) => ({
    title: column.title, file: column.name, isNumber: column.kind === "number",
    value: (run) => valueOf(column, run), text: (run) => shownValue(valueOf(column, run)),
  });
  const parameters = store.columns.filter((it) => it.level === "trial" && it.name !== "origin");
  const { frechet } = store.study.names;
  return [
    ofRun("trial", "trial", runs.trial, String),
    ofRun("seed", "seed", runs.seed, String),
    ofRun("verdict", "verdict", runs.outcome),
    ofRun("stage", "stage", runs.stage),
    ofRun("score", "score", runs.score, twoDecimals),
    ofRun("quality", "final_quality", runs.quality, twoDecimals),
    ofRun(frechet, frechet, runs.frechet, shortNumber),
    ofTrial(store.column("origin")),
    ...parameters.map(ofTrial),
    { title: "what happened", file: "what_happened", value: tellRun, text: tellRun, isStory: true },
  ];
}

function twoDecimals(value) {
  return value === null ? "–" : value.toFixed(2);
}

/** What happened in a run, in one line: its evidence, how sure that is, flags and blind spots. */
function tellRun(run) {
  const runs = store.runs;
  if (runs.error[run]) return runs.error[run];
  if (!runs.evidence[run]) return "";
  const onset = runs.onset[run];
  const sure = runs.confidence[run];
  const at = onset === null ? "" : `at ${shortImages(onset)} images: `;
  const confidence = sure === null ? "" : ` (confidence ${sure.toFixed(2)})`;
  const flags = runs.flags[run].map(
    ([name, evidence]) => `flagged ${name}${evidence ? `: ${evidence}` : ""}`);
  const blind = runs.notJudged[run].map((told) => `not judged: ${told}`);
  return [at + runs.evidence[run] + confidence, ...flags, ...blind].join("; ");
}

/** The leading trial's runs first, then by score. */
function firstOrder() {
  const { trial, score } = store.runs;
  const isLeading = (run) => trial[run] === store.study.leading;
  return trial.map((_, run) => run).sort((a, b) =>
    isLeading(b) - isLeading(a) || (score[b] ?? -1) - (score[a] ?? -1) || a - b);
}

function sortTable(place) {
  const sorted = runTable.sorted;
  const down = sorted.column === place ? !sorted.down : false;
  runTable.sorted = { column: place, down };
  const keys = store.runs.trial.map((_, run) => runTable.columns[place].value(run));
  const turn = down ? -1 : 1;
  runTable.order.sort((a, b) => {
    const [first, second] = [keys[a], keys[b]];
    // What is missing stays at the end, whichever way the column is sorted.
    if (first === null || second === null) return (first === null) - (second === null) || a - b;
    const order = typeof first === "number" && typeof second === "number"
      ? first - second : String(first).localeCompare(String(second));
    return turn * order || a - b;
  });
  document.querySelectorAll("#runs-table thead th").forEach((header, i) => {
    header.setAttribute("aria-sort", i !== place ? "none" : down ? "descending" : "ascending");
  });
  filterTable();
}

function filterTable() {
  const matches = selection.runs;
  runTable.shown = matches ? runTable.order.filter((run) => matches[run]) : runTable.order;
  runTable.trials = null;
  const [shown, all] = [runTable.shown.length, runTable.order.length];
  const noun = all === 1 ? "run" : "runs";
  document.getElementById("runs-count").textContent =
    `showing ${shown.toLocaleString("en-US")} of ${all.toLocaleString("en-US")} ${noun}`;
  document.getElementById("runs-table").setAttribute("aria-rowcount", shown + 1);
  document.getElementById("trials-table").scrollTop = 0;
  drawRows();
}

function tableChanged(isFiltered) {
  if (isFiltered) filterTable();
  showTrialRow();
  drawRows();
}

/** Scroll the selected trial's first row into the table's own window; the page stays. */
function showTrialRow() {
  const scroll = document.getElementById("trials-table");
  const place = runTable.shown.findIndex((run) => store.runs.trial[run] === selection.trial);
  if (place < 0) return;
  const [top, head] = [place * ROW_PIXELS, scroll.querySelector("thead").offsetHeight];
  const low = scroll.scrollTop;
  if (top >= low && top + ROW_PIXELS <= low + scroll.clientHeight - head) return;
  scroll.scrollTop = Math.max(0, top - (scroll.clientHeight - head) / 3);
}

function buildTable() {
  const scroll = document.getElementById("trials-table");
  scroll.replaceChildren(make("table",
    { id: "runs-table", class: "run-table", "aria-labelledby": "runs-title" },
    columnWidths(), tableHead(), make("tbody", {}, gapRow(), gapRow())));
  let waiting = false;
  scroll.addEventListener("scroll", () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; drawRows(); });
  }, { passive: true });
  scroll.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== scroll || selection.trial === null) return;
    document.getElementById("trial").scrollIntoView();
  });
}

/** Fixed widths: columns must not jump when other rows come into sight. */
function columnWidths() {
  const step = Math.max(1, Math.floor(runTable.order.length / 200));
  const sample = runTable.order.filter((_, i) => i % step === 0);
  const widths = runTable.columns.map((column) => {
    if (column.isStory) return STORY_WIDTH;
    const longest = Math.max(...sample.map((run) => column.text(run).length));
    const glyph = column.file === "verdict" ? 2 : 0;
    return Math.min(WIDEST, Math.max(longest + glyph, column.title.length + 2)) + 2.5;
  });
  return make("colgroup", {}, ...widths.map((width) => make("col", { style: `width:${width}ch` })));
}

function tableHead() {
  const headers = runTable.columns.map((column, place) => {
    const button = make("button", { type: "button", title: `Sort by ${column.title}` },
      column.title);
    button.addEventListener("click", () => sortTable(place));
    return make("th",
      { scope: "col", "aria-sort": "none", class: column.isNumber ? "number" : null }, button);
  });
  return make("thead", {}, make("tr", { "aria-rowindex": 1 }, ...headers));
}

/** Have the rows in sight in the document; `most` instead has the first ones, for paper. */
function drawRows(most = 0) {
  const scroll = document.getElementById("trials-table");
  const { shown } = runTable;
  const inSight = Math.ceil(scroll.clientHeight / ROW_PIXELS) + 2 * SPARE_ROWS;
  const first = Math.floor(scroll.scrollTop / ROW_PIXELS) - SPARE_ROWS;
  const start = most ? 0 : Math.max(0, Math.min(first, shown.length - inSight));
  const end = Math.min(shown.length, most || start + inSight);
  fillRows(scroll.querySelector("tbody"), start, end);
  const [above, below] = scroll.querySelectorAll(".gap td");
  above.style.height = `${start * ROW_PIXELS}px`;
  below.style.height = `${(shown.length - end) * ROW_PIXELS}px`;
  document.getElementById("runs-printed").textContent = shown.length > end
    ? `Printed: the first ${end} of these runs. The CSV has all of them.` : "";
}

/** Rows that stay in sight stay as they are: one made anew would lose the focus. */
function fillRows(body, start, end) {
  const { rows, shown } = runTable;
  for (const [place, row] of rows) {
    if (place >= start && place < end && row.run === shown[place]) continue;
    row.remove();
    rows.delete(place);
  }
  let next = body.lastElementChild;
  for (let place = end - 1; place >= start; place -= 1) {
    if (!rows.has(place)) {
      rows.set(place, tableRow(shown[place], place));
      next.before(rows.get(place));
    }
    next = rows.get(place);
    const isChosen = store.runs.trial[shown[place]] === selection.trial;
    if (isChosen) next.setAttribute("aria-current", "true");
    else next.removeAttribute("aria-current");
  }
}

/** Stands for rows that are not in the document. */
function gapRow() {
  return make("tr", { "aria-hidden": "true", class: "gap" },
    make("td", { colspan: runTable.columns.length }));
}

function tableRow(run, place) {
  const trial = store.runs.trial[run];
  const row = make("tr", {
    "aria-rowindex": place + 2,
    class: trial === store.study.leading ? "leading" : null,
  }, ...runTable.columns.map((column, i) => tableCell(column, run, i === 0)));
  row.addEventListener("click", () => selection.set({ trial }));
  row.run = run;
  return row;
}

function tableCell(column, run, isFirst) {
  const text = column.text(run);
  if (isFirst) return make("th", { scope: "row" },
    // Arrow keys walk the rows: thousands of stops on the way through the page would be a trap.
    make("a", { href: `#trial=${text}`, tabindex: -1 }, text));
  const glyph = column.file === "verdict" ? glyphOf(text) : null;
  const kind = column.isNumber ? "number" : column.isStory ? "story" : null;
  return make("td", { class: kind, title: text.length > WIDEST ? text : null }, glyph, text);
}

/** All matching runs in the table's order, with every digit that the page has. */
function saveRuns() {
  const { columns, shown } = runTable;
  const lines = [columns.map((column) => column.file),
    ...shown.map((run) => columns.map((column) => column.value(run)))];
  const text = lines.map((line) => line.map(csvCell).join(",")).join("\r\n");
  download(`${store.study.name.replace(/[^\w.-]+/g, "_")}-runs.csv`, `${text}\r\n`);
}
