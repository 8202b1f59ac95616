"use strict";

// Figures: drawn from the data beside them, one after the other so that the page shows at once.

const coarse = matchMedia("(pointer: coarse)").matches || matchMedia("(max-width: 40rem)").matches;
const config = {
  responsive: true,
  displaylogo: false,
  showSendToCloud: false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
};

function readPanel(panel) {
  return JSON.parse(document.getElementById(`${panel.dataset.panel}-data`).textContent);
}

async function drawPanel(panel) {
  const stored = readPanel(panel);
  const frame = document.getElementById(panel.dataset.panel);
  // A finger scrolls the page; it must not zoom a figure on its way.
  stored.layout.dragmode = coarse ? false : "zoom";
  frame.replaceChildren();
  await Plotly.newPlot(frame, stored.data, stored.layout, config);
  if (matchMedia("(max-width: 40rem)").matches) await Plotly.relayout(frame, stored.narrow);
  connectPickers(panel, frame, stored);
  connectKey(panel, frame, stored);
  frame.on("plotly_click", (event) => goToTrial(event.points[0].customdata));
}

function connectPickers(panel, frame, stored) {
  const menus = [...panel.querySelectorAll("select")];
  const note = panel.querySelector(".note");
  const redraw = () => {
    const keys = menus.map((menu) => menu.value);
    const options = menus.map((menu, i) => stored.pickers[i][keys[i]]);
    const joint = stored.joint[keys.join("|")];
    if (joint) options.push(joint);
    const restyle = Object.assign({}, ...options.map((option) => option.restyle));
    const relayout = Object.assign({}, ...options.map((option) => option.relayout));
    Plotly.update(frame, restyle, relayout);
    note.textContent = options.map((option) => option.note).join(" ").trim();
    note.hidden = !note.textContent;
  };
  menus.forEach((menu) => menu.addEventListener("change", redraw));
  if (menus.some((menu, i) => menu.value !== menu.querySelector("[selected]")?.value)) redraw();
}

function connectKey(panel, frame, stored) {
  for (const button of panel.querySelectorAll(".key button")) {
    button.addEventListener("click", () => {
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(shown));
      const traces = stored.data.flatMap((trace, i) =>
        trace.meta?.outcome === button.dataset.outcome ? [i] : []);
      Plotly.restyle(frame, { visible: shown }, traces);
    });
  }
}

// The table: sorted by its headers, filtered by words, one anchor a trial.

function connectTable(table) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const words = rows.map((row) => row.textContent.toLowerCase());
  const filter = document.getElementById("trial-filter");
  const count = document.getElementById("trial-count");
  const everything = count.textContent;
  filter.addEventListener("input", () => {
    const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, i) => {
      row.hidden = !wanted.every((word) => words[i].includes(word));
      if (!row.hidden) shown += 1;
    });
    count.textContent = wanted.length ? `${shown} of ${everything}` : everything;
  });
  for (const button of table.tHead.querySelectorAll("button")) {
    button.addEventListener("click", () => sortTable(table, rows, Number(button.dataset.column)));
  }
}

function sortTable(table, rows, column) {
  const headers = [...table.tHead.rows[0].cells];
  const descending = headers[column].getAttribute("aria-sort") === "ascending";
  headers.forEach((header) => header.setAttribute("aria-sort", "none"));
  headers[column].setAttribute("aria-sort", descending ? "descending" : "ascending");
  const value = (row) => {
    const cell = row.cells[column];
    return cell.dataset.value ?? cell.textContent;
  };
  const isNumber = (text) => text !== "" && !Number.isNaN(Number(text));
  const compare = (a, b) => {
    const [first, second] = [value(a), value(b)];
    if (first === "" || second === "") return (first === "") - (second === "");
    const order = isNumber(first) && isNumber(second)
      ? Number(first) - Number(second) : first.localeCompare(second);
    return descending ? -order : order;
  };
  table.tBodies[0].append(...[...rows].sort(compare));
}

function goToTrial(trial) {
  if (trial === undefined || trial === null) return;
  const filter = document.getElementById("trial-filter");
  if (filter?.value) {
    filter.value = "";
    filter.dispatchEvent(new Event("input"));
  }
  location.hash = `trial-${trial}`;
}

async function copyCommand(button) {
  const written = button.parentElement.querySelector("code").textContent;
  try {
    await navigator.clipboard.writeText(written);
    button.textContent = "copied";
  } catch {
    // A page from disk may not be trusted with the clipboard: select the text instead.
    getSelection().selectAllChildren(button.parentElement.querySelector("code"));
    button.textContent = "selected";
  }
  setTimeout(() => { button.textContent = "copy"; }, 1500);
}

async function start() {
  const table = document.getElementById("trials-table");
  if (table) connectTable(table);
  for (const button of document.querySelectorAll(".copy")) {
    button.addEventListener("click", () => copyCommand(button));
  }
  for (const panel of document.querySelectorAll("[data-panel]")) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    await drawPanel(panel);
  }
  addEventListener("beforeprint", () => {
    document.querySelectorAll(".js-plotly-plot").forEach((frame) => Plotly.Plots.resize(frame));
  });
  document.documentElement.dataset.ready = "true";
}

start();
