// Figures: drawn when they come near, from the data beside them; pickers, key, brush, table, CSV.

const narrow = matchMedia("(max-width: 40rem)");
const coarse = matchMedia("(pointer: coarse)").matches || narrow.matches;
const panels = [];
const MOST_TABLE_ROWS = 300;

function configOf(stored) {
  const brushes = Object.keys(stored.brush).length > 0;
  return {
    responsive: true,
    displaylogo: false,
    showSendToCloud: false,
    plotGlPixelRatio: 1, // lines of WebGL are one pixel wide: two make them hard to see
    modeBarButtonsToRemove: [
      "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d", ...(brushes ? [] : ["select2d"]),
    ],
  };
}

async function drawPanel(panel) {
  panel.drawing ??= drawOnce(panel);
  return panel.drawing;
}

async function drawOnce(panel) {
  const { element, frame } = panel;
  const stored = await unpackJson(`${panel.identity}-data`);
  panel.stored = stored;
  panel.brush = { ...stored.brush };
  if (panel.usesWebgl && !canDrawWebgl()) {
    sayNoWebgl(panel);
    return;
  }
  // A finger scrolls the page; it must not zoom or brush a figure on its way.
  const drag = Object.keys(stored.brush).length ? "select" : "zoom";
  stored.layout.dragmode = coarse ? false : drag;
  stored.layout.newselection = { line: { color: "#808080", width: 1, dash: "dot" } };
  for (const trace of stored.data) dress(trace);
  frame.replaceChildren();
  await Plotly.newPlot(frame, stored.data, stored.layout, configOf(stored));
  if (narrow.matches) await Plotly.relayout(frame, stored.narrow);
  connectPickers(panel);
  connectKey(panel);
  connectPointer(panel);
  connectBrush(panel);
  frame.on("plotly_afterplot", () => redrawMarks(panel));
  element.dispatchEvent(new CustomEvent("drawn", { detail: panel }));
  redrawMarks(panel);
}

// Marks of runs have the page's own card instead of a label, and are not dimmed by a brush.
function dress(trace) {
  if (trace.meta?.of === "runs" || trace.meta?.of === "trials") trace.hoverinfo = "none";
  if (trace.type !== "scatter") return;
  const opacity = trace.marker?.opacity ?? 1;
  if (trace.mode?.includes("markers")) trace.unselected = { marker: { opacity } };
}

function connectPickers(panel) {
  const menus = [...panel.element.querySelectorAll("select")];
  const note = panel.element.querySelector(".note");
  const { stored } = panel;
  panel.pick = async () => {
    const keys = menus.map((menu) => menu.value);
    const options = menus.map((menu, i) => stored.pickers[i][keys[i]]);
    const joint = stored.joint[keys.join("|")];
    if (joint) options.push(joint);
    const restyle = Object.assign({}, ...options.map((option) => option.restyle));
    const relayout = Object.assign({}, ...options.map((option) => option.relayout));
    Object.assign(panel.brush, ...options.map((option) => option.brush ?? {}));
    await Plotly.update(panel.frame, restyle, { ...relayout, selections: [] });
    note.textContent = options.map((option) => option.note).join(" ").trim();
    note.hidden = !note.textContent;
    redrawMarks(panel);
  };
  menus.forEach((menu) => menu.addEventListener("change", panel.pick));
  if (menus.some((menu) => menu.value !== menu.querySelector("[selected]")?.value)) panel.pick();
}

function connectKey(panel) {
  for (const button of panel.element.querySelectorAll(".key button")) {
    button.addEventListener("click", async () => {
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(shown));
      const traces = panel.stored.data.flatMap((trace, i) =>
        trace.meta?.outcome === button.dataset.outcome ? [i] : []);
      if (traces.length) await Plotly.restyle(panel.frame, { visible: shown }, traces);
    });
  }
}

// A mark under the pointer shows its card; a click selects its trial, or sets its terms.
function connectPointer(panel) {
  const card = document.getElementById("card") ?? newCard();
  panel.frame.on("plotly_hover", (event) => {
    const run = event.points && runOf(event.points[0]);
    if (run === undefined) return;
    card.replaceChildren(...describe(run).map((line) => make("div", {}, line)));
    card.hidden = false;
    placeCard(card, event.event);
  });
  panel.frame.on("plotly_unhover", () => { card.hidden = true; });
  panel.frame.on("plotly_click", (event) => {
    const point = event.points.find((it) => it.data.meta?.of) ?? event.points[0];
    const of = point.data.meta?.of;
    if (of === "terms") selection.addTerms(point.customdata);
    else if (runOf(point) !== undefined) selection.set({ trial: store.runs.trial[runOf(point)] });
  });
}

function runOf(point) {
  const of = point.data.meta?.of;
  if (point.customdata === undefined || point.customdata === null) return undefined;
  if (of === "runs") return point.customdata;
  return of === "trials" ? store.runsOf(point.customdata)[0] : undefined;
}

function newCard() {
  const card = make("div", { id: "card", hidden: true, role: "status" });
  document.body.append(card);
  return card;
}

function placeCard(card, pointer) {
  const { width, height } = card.getBoundingClientRect();
  const left = Math.min(pointer.clientX + 14, innerWidth - width - 8);
  const below = pointer.clientY + 16 + height < innerHeight;
  card.style.left = `${Math.max(8, left)}px`;
  card.style.top = `${below ? pointer.clientY + 16 : pointer.clientY - height - 12}px`;
}

// A drag writes the range of each axis it crossed into the filter; its outline stays as the brush.
function connectBrush(panel) {
  if (!Object.keys(panel.stored.brush).length) return;
  panel.frame.on("plotly_selected", () => {
    const drawn = panel.frame.layout.selections?.at(-1);
    if (!drawn) return;
    const terms = [
      termOf(panel.brush[drawn.xref], drawn.x0, drawn.x1),
      termOf(panel.brush[drawn.yref], drawn.y0, drawn.y1),
    ].filter(Boolean);
    if (!terms.length) return;
    panel.brushed = true;
    panel.written = withTerms(selection.where, terms);
    selection.addTerms(terms);
  });
}

function termOf(brush, first, last) {
  if (!brush || first === undefined) return null;
  const [low, high] = [Math.min(first, last), Math.max(first, last)];
  const name = shortPath(brush.column);
  if (brush.scale === "slots") {
    const inside = brush.slots.filter((_, i) => i >= low && i <= high);
    return inside.length ? `${name}=${inside.map(quoted).join("|")}` : null;
  }
  const value = (position) => {
    const number = brush.scale === "log10" ? 10 ** position : position;
    const short = Number(number.toPrecision(3));
    return short !== 0 && Math.abs(short) < 0.01 ? short.toExponential() : String(short);
  };
  return `${name}=${value(low)}..${value(high)}`;
}

// A brush whose terms are gone from the filter loses its outline too.
function dropOldBrush(panel) {
  if (!panel.brushed || panel.written === selection.where) return;
  panel.brushed = false;
  Plotly.relayout(panel.frame, { selections: [] });
}

// Tables of figures: made when they are opened.

function connectTable(panel) {
  const details = panel.element.querySelector(".figure-table details");
  if (!details) return;
  details.addEventListener("toggle", async () => {
    await drawPanel(panel);
    const place = details.querySelector(".rows");
    if (details.open && !place.firstChild) place.append(...tableOf(panel.stored.table));
  });
  panel.element.querySelector(".csv").addEventListener("click", async () => {
    await drawPanel(panel);
    download(`${panel.identity}.csv`, csvText(panel.stored.table));
  });
}

function tableOf(columns) {
  const names = Object.keys(columns);
  const count = columns[names[0]]?.length ?? 0;
  const head = make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name)));
  const rows = Array.from({ length: Math.min(count, MOST_TABLE_ROWS) }, (_, i) =>
    make("tr", {}, ...names.map((name) => cellOf(columns[name][i]))));
  const table = make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
  const region = make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of the figure" }, table);
  if (count <= MOST_TABLE_ROWS) return [region];
  const said = `Showing ${MOST_TABLE_ROWS} of ${count.toLocaleString("en")} rows; the CSV file has all.`;
  return [region, make("p", { class: "note" }, said)];
}

function cellOf(value) {
  return make("td", typeof value === "number" ? { class: "number" } : {}, shownValue(value));
}

function csvText(columns) {
  const names = Object.keys(columns);
  const count = columns[names[0]]?.length ?? 0;
  const lines = [names.map(csvCell).join(",")];
  for (let i = 0; i < count; i += 1) lines.push(names.map((name) => csvCell(columns[name][i])).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

// Text that a spreadsheet would take for a formula gets an apostrophe (OWASP: CSV injection).
function csvCell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function download(name, text) {
  const link = make("a", { download: name, href: URL.createObjectURL(new Blob([text], { type: "text/csv" })) });
  link.click();
  URL.revokeObjectURL(link.href);
}

// Every figure is drawn when it comes near, the others while the reader reads, WebGL only then.

function connectPanels() {
  const near = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const panel = panels.find((it) => it.element === target);
      panel.visible = isIntersecting;
      if (!isIntersecting) continue;
      drawPanel(panel);
      if (panel.stored && panel.stale) redrawMarks(panel);
    }
  }, { rootMargin: "400px 0px" });
  for (const element of document.querySelectorAll("[data-panel]")) {
    const identity = element.dataset.panel;
    const panel = { identity, element, frame: element.querySelector(".frame"), stale: true };
    panel.usesWebgl = element.hasAttribute("data-webgl");
    panels.push(panel);
    connectTable(panel);
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

async function drawTheRest() {
  for (const panel of panels.filter((it) => !it.usesWebgl)) {
    await new Promise((resolve) => (window.requestIdleCallback ?? requestAnimationFrame)(resolve));
    await drawPanel(panel);
  }
  document.documentElement.dataset.complete = "true";
  document.dispatchEvent(new Event("complete"));
}
