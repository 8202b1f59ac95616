// The store: trials, runs, curves and pictures, read once from the page's own data blocks.

const STARTERS = [];
const store = { study: {}, trials: { number: [] }, runs: { trial: [] }, columns: [], metrics: [] };

async function unpack(identity) {
  const text = document.getElementById(identity).textContent;
  const bytes = Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function unpackJson(identity) {
  return JSON.parse(new TextDecoder().decode(await unpack(identity)));
}

async function readStore() {
  Object.assign(store, await unpackJson("store"));
  for (const name of ["stage", "outcome"]) {
    const { codes, levels } = store.runs[name];
    store.runs[name] = codes.map((code) => levels[code]);
  }
  store.rows = { first: Int32Array.from(store.first) };
  store.pictures = JSON.parse(document.getElementById("pictures").textContent);
  const place = new Map(store.trials.number.map((number, i) => [number, i]));
  const runsOf = new Map();
  store.runs.trial.forEach((number, run) => {
    if (!runsOf.has(number)) runsOf.set(number, []);
    runsOf.get(number).push(run);
  });
  store.trialIndex = (number) => place.get(number);
  store.runsOf = (number) => runsOf.get(number) ?? [];
  connectColumns();
}

// Columns of runs stand in store.runs already; a category is its levels and a code each.
function connectColumns() {
  for (const column of store.columns) {
    if (column.of === undefined) continue;
    column.values = store.runs[column.of];
    if (column.kind === "category") {
      const known = column.of === "outcome" ? Object.keys(store.outcomes) : [];
      column.levels = [...new Set([...known, ...column.values])];
      const code = new Map(column.levels.map((level, i) => [level, i]));
      column.values = column.values.map((value) => code.get(value));
    }
  }
  const named = new Map(store.columns.map((column) => [column.name, column]));
  store.column = (name) => named.get(name);
}

// The value of a column for a run: a number, a text, or null.
function valueOf(column, run) {
  const place = column.level === "trial" ? store.trialIndex(store.runs.trial[run]) : run;
  const value = column.values[place] ?? null;
  return column.kind === "category" && value !== null ? column.levels[value] : value;
}

const curves = new Map();

// Values of a metric or signal by evaluation row, as Float32Array; NaN where there is none.
store.curve = (name) => {
  if (!curves.has(name)) {
    const place = store.metrics.findIndex((metric) => metric.name === name);
    curves.set(name, place < 0 ? Promise.resolve(null) : unpack(`curve-${place}`).then(joinPlanes));
  }
  return curves.get(name);
};

// The bytes of all values lie in four planes, which compress better than values one by one.
function joinPlanes(bytes) {
  const count = bytes.length / 4;
  const joined = new Uint8Array(bytes.length);
  for (let plane = 0; plane < 4; plane += 1) {
    const start = plane * count;
    for (let i = 0; i < count; i += 1) joined[4 * i + plane] = bytes[start + i];
  }
  return new Float32Array(joined.buffer);
}

// Words for the reader, as reports/kit/words.py writes them.

function shortNumber(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return value.toLocaleString("en");
  if (value !== 0 && (Math.abs(value) < 1e-2 || Math.abs(value) >= 1e6)) {
    return value.toExponential(digits - 1).replace(/\.?0*e/, "e").replace("e+", "e");
  }
  return Number(value.toPrecision(digits)).toLocaleString("en", { maximumFractionDigits: 6 });
}

function shortImages(count) {
  if (count === null || !Number.isFinite(count)) return "–";
  if (count >= 1e6) return `${Number((count / 1e6).toPrecision(3))}M`;
  return count >= 1e3 ? `${Number((count / 1e3).toPrecision(3))}k` : String(Math.round(count));
}

function shownValue(value) {
  if (value === null || value === undefined) return "–";
  return typeof value === "number" ? shortNumber(value) : String(value);
}

// What any mark of a run says when pointed at: its name, fate, quality and settings.
function describe(run) {
  const of = store.runs;
  const failed = of.onset[run] !== null && of.outcome[run] !== "stable";
  const lines = [
    `trial ${of.trial[run]}, seed ${of.seed[run]} (${of.stage[run]})`,
    `${of.outcome[run]}${failed ? ` at ${shortImages(of.onset[run])} images` : ""}`,
    `quality ${shortNumber(of.quality[run])}, score ${shortNumber(of.score[run])}`,
  ];
  for (const column of store.columns) {
    if (column.level !== "trial" || column.name === "origin") continue;
    const value = valueOf(column, run);
    if (value !== null) lines.push(`${column.title} ${shownValue(value)}`);
  }
  return lines;
}

// An element with text and attributes: data never passes through innerHTML.
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// The shape and colour of an outcome, as the page draws it everywhere.
function glyphOf(outcome) {
  const look = store.outcomes[outcome];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "glyph");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("fill", look?.colour ?? "#8A8A8A");
  path.setAttribute("fill-rule", "evenodd");
  path.setAttribute("d", look?.path ?? "M3 3h10v10H3z");
  svg.append(path);
  return svg;
}
