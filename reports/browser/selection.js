// One selection for the whole page, kept in the address: `#trial=7&where=loss%3Dhinge`.

import { around, byId } from "./elements.js";
import { store } from "./store.js";
import { matchingRuns, withTerms } from "./where.js";
import { counted } from "./words.js";

/** Milliseconds: while a word is typed only its last state is worth an entry of the history. */
const TYPING_PAUSE = 120;

class Selection {
  /** @type {number | null} */
  trial = null;
  where = "";
  /** @type {Uint8Array | null} One byte a run, 1 where it matches; null without a filter. */
  runs = null;
  /** @type {((isFiltered: boolean) => void)[]} */
  listeners = [];

  /** The trials that arrow keys walk through; the table of all runs puts its own order here. */
  order = () => store.trials.number;

  /** @param {(isFiltered: boolean) => void} listener */
  onChange(listener) {
    this.listeners.push(listener);
  }

  /**
   * Select a trial, set the filter, or both; a new entry of the history.
   *
   * @param {{ trial?: number | null, where?: string }} change
   */
  set({ trial = this.trial, where = this.where }) {
    if (trial === this.trial && where === this.where) return;
    this.take(trial, where);
    history.pushState(null, "", this.address());
  }

  /** @param {string[]} terms */
  addTerms(terms) {
    this.set({ where: withTerms(this.where, terms) });
  }

  /**
   * Select the next or previous trial.
   *
   * @param {number} by
   * @param {number | null} from
   */
  step(by, from = this.trial) {
    const order = this.order();
    if (!order.length) return;
    const index = from === null ? -1 : order.indexOf(from);
    const next = index >= 0 ? index + by : by > 0 ? 0 : order.length - 1;
    this.set({ trial: order[Math.max(0, Math.min(order.length - 1, next))] });
  }

  /**
   * Select without an entry of the history, as the address does.
   *
   * @param {number | null} trial
   * @param {string} where
   */
  take(trial, where) {
    const isFiltered = where !== this.where || (where !== "" && this.runs === null);
    this.trial = trial;
    this.where = where;
    if (isFiltered) this.runs = matchingRuns(where);
    for (const listener of this.listeners) listener(isFiltered);
  }

  address() {
    const parts = [];
    if (this.trial !== null) parts.push(`trial=${this.trial}`);
    if (this.where) parts.push(`where=${encodeURIComponent(this.where)}`);
    return `${location.pathname}${location.search}#${parts.join("&")}`;
  }

  /** Numbers of matching runs and trials. */
  counts() {
    if (this.runs === null) {
      return { runs: store.runs.trial.length, trials: store.trials.number.length };
    }
    const matched = this.matched();
    const trials = new Set(matched.map((run) => store.runs.trial[run]));
    return { runs: matched.length, trials: trials.size };
  }

  /** The matching runs; none without a filter. */
  matched() {
    /** @type {number[]} */
    const matched = [];
    this.runs?.forEach((matches, run) => {
      if (matches) matched.push(run);
    });
    return matched;
  }
}

export const selection = new Selection();

/** The filter's box and its button. */
export function connectFilter() {
  const box = /** @type {HTMLInputElement} */ (byId("filter"));
  let waiting = 0;
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => selection.set({ where: box.value.trim() }), TYPING_PAUSE);
  });
  byId("filter-clear").addEventListener("click", () => {
    selection.set({ where: "" });
    box.focus();
  });
  selection.onChange(() => {
    if (document.activeElement !== box || !selection.where) box.value = selection.where;
    showCounts();
  });
  showCounts();
}

function showCounts() {
  const { runs, trials } = selection.counts();
  const all = counted(store.runs.trial.length, "run");
  byId("filter-count").textContent =
    selection.runs === null
      ? all
      : `${runs.toLocaleString("en")} of ${all}, ${counted(trials, "trial")}`;
  byId("filter-clear").hidden = !selection.where;
  byId("trial-now").textContent =
    selection.trial === null ? "no trial selected" : `trial ${selection.trial}`;
}

/** Arrow keys, Escape and the buttons of the toolbar. */
export function connectKeys() {
  addEventListener("keydown", (event) => {
    const isTyping = around(event, "input, select, textarea, [contenteditable]") !== null;
    if (event.key === "Escape") {
      if (selection.where) selection.set({ where: "" });
      else if (!isTyping) selection.set({ trial: null });
      return;
    }
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    // Up and down scroll a page, so they walk trials in the table alone, where sideways scrolls.
    const [forward, back] = around(event, ".scroll")
      ? ["ArrowDown", "ArrowUp"]
      : ["ArrowRight", "ArrowLeft"];
    const by = [forward, "j"].includes(event.key) ? 1 : [back, "k"].includes(event.key) ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    selection.step(by);
  });
  byId("trial-previous").addEventListener("click", () => selection.step(-1));
  byId("trial-next").addEventListener("click", () => selection.step(1));
}
