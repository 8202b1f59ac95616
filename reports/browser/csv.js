// Files of comma-separated values, as RFC 4180 has them.

import { make } from "./elements.js";

/** @typedef {import("./types").Value | undefined} Value */

/** @param {Value[][]} lines */
export function csvText(lines) {
  return lines.map((line) => `${line.map(csvCell).join(",")}\r\n`).join("");
}

/**
 * Text that a spreadsheet would take for a formula gets an apostrophe (OWASP: CSV injection), as
 * in reports/export.py.
 *
 * @param {Value} value
 */
export function csvCell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Have the browser save a file of lines.
 *
 * @param {string} name
 * @param {Value[][]} lines
 */
export function saveCsv(name, lines) {
  const href = URL.createObjectURL(new Blob([csvText(lines)], { type: "text/csv" }));
  make("a", { download: name, href }).click();
  URL.revokeObjectURL(href);
}
