// Numbers as the page writes them. reports/kit/words.py holds the same rules for the parts of the
// page that Python writes; a test gives both the same numbers.

export const MISSING = "–";
// From here on, or below, a number is written with an exponent.
const LARGE = 1e6;
const LARGE_WHOLE = 1e9;
const SMALL = 1e-2;

// Intl rounds a number's shortest decimal form, Python its exact value: digits are rounded before
// they come here, and this only sets the commas.
const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 20 });

/**
 * A number in at most `digits` significant digits: `2.44e-4`, `0.0244`, `24.4`, `2,440`. Whole
 * numbers below a billion keep all digits. A dash for null.
 *
 * @param {number | null | undefined} value
 */
export function numberText(value, digits = 3) {
  if (value === null || value === undefined) return MISSING;
  if (Number.isNaN(value)) return "nan";
  const size = Math.abs(value);
  if (size === Infinity) return value < 0 ? "-inf" : "inf";
  if (Number.isInteger(value) && size < LARGE_WHOLE) return withCommas(value);
  if (size >= LARGE || size < SMALL) {
    return value
      .toExponential(digits - 1)
      .replace(/\.?0*e/, "e")
      .replace("e+", "e");
  }
  const isLong = size >= 10 ** (digits - 1);
  return withCommas(Number(isLong ? value.toFixed(0) : value.toPrecision(digits)));
}

/** @param {number} value */
function withCommas(value) {
  return grouped.format(value + 0); // zero has no sign
}

/**
 * A number as a term of the filter writes it: `numberText` without the commas.
 *
 * @param {number} value
 */
export function termNumber(value) {
  return numberText(value).replaceAll(",", "");
}

/**
 * A number with so many decimals, or a dash.
 *
 * @param {number | null} value
 */
export function fixed(value, decimals = 2) {
  return value === null ? MISSING : value.toFixed(decimals);
}

/**
 * Images seen: `640`, `6.4k`, `64k`, `1.2M`.
 *
 * @param {number | null} count
 */
export function imagesText(count) {
  if (count === null || !Number.isFinite(count)) return MISSING;
  for (const [size, unit] of /** @type {const} */ ([
    [1e6, "M"],
    [1e3, "k"],
  ])) {
    if (count >= size) return `${Number((count / size).toPrecision(3))}${unit}`;
  }
  return count.toFixed(0);
}

/**
 * `1 run`, `3 runs`, `1,200 runs`.
 *
 * @param {number} count
 * @param {string} noun
 */
export function counted(count, noun) {
  return `${withCommas(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * A value of a column in words.
 *
 * @param {import("./types").Value | undefined} value
 */
export function valueText(value) {
  if (value === null || value === undefined) return MISSING;
  return typeof value === "number" ? numberText(value) : String(value);
}
