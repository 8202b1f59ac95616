// Where pictures come from: a server, or a generator that runs in the page.

/** @typedef {import("./types").Source} Source */

/** A request that was refused, with its sentence. */
export class Refused extends Error {}

/** @type {Source | null} */
let source = null;

/** @param {Source} chosen */
export function drawFrom(chosen) {
  source = chosen;
}

export function theSource() {
  if (!source) throw new Error("the page has no source of pictures yet");
  return source;
}
