// The rows behind a figure: a table that is made when it is opened, and a CSV file.

import { saveCsv } from "./csv.js";
import { make, within } from "./elements.js";
import { valueText } from "./words.js";

const MOST_ROWS = 300;

/** @typedef {Record<string, import("./types").Value[]>} Columns */

/**
 * @param {import("./types").Panel} panel
 * @param {() => Promise<Columns>} read the columns, once the figure's data are there
 */
export function connectTable({ element, identity }, read) {
  const details = element.querySelector(".figure-table details");
  if (!(details instanceof HTMLDetailsElement)) return;
  details.addEventListener("toggle", async () => {
    const columns = await read();
    const rows = within(details, ".rows");
    if (details.open && !rows.firstChild) rows.append(...tableOf(columns));
  });
  within(element, ".csv").addEventListener("click", async () => {
    const columns = await read();
    saveCsv(`${identity}.csv`, [Object.keys(columns), ...rowsOf(columns)]);
  });
}

/**
 * @param {Columns} columns
 * @param {number} most
 */
function rowsOf(columns, most = Infinity) {
  const all = Object.values(columns);
  const count = Math.min(most, all[0]?.length ?? 0);
  return Array.from({ length: count }, (_, i) => all.map((values) => values[i]));
}

/** @param {Columns} columns */
function tableOf(columns) {
  const count = Object.values(columns)[0]?.length ?? 0;
  const head = Object.keys(columns).map((name) => make("th", { scope: "col" }, name));
  const rows = rowsOf(columns, MOST_ROWS).map((row) => make("tr", {}, ...row.map(cellOf)));
  const region = make(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of the figure" },
    make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)),
  );
  if (count <= MOST_ROWS) return [region];
  const note = `Showing ${MOST_ROWS} of ${count.toLocaleString("en")} rows. The CSV file has all of them.`;
  return [region, make("p", { class: "note" }, note)];
}

/** @param {import("./types").Value} value */
function cellOf(value) {
  return make("td", { class: typeof value === "number" ? "number" : null }, valueText(value));
}
