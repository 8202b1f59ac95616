// What sections do once the study is read. A section's script calls `atStart` when it is loaded.

/** @type {(() => void)[]} */
const starters = [];

/** @param {() => void} starter */
export function atStart(starter) {
  starters.push(starter);
}

export function startSections() {
  for (const starter of starters) starter();
}
