// One selection for the whole page, kept in the address: `#trial=7&where=loss%3Dhinge`.

const selection = {
  trial: null,
  where: "",
  runs: null,
  listeners: [],

  onChange(listener) {
    this.listeners.push(listener);
  },

  // Select a trial (a number or null), set the filter, or both; a new entry of the history.
  set({ trial = this.trial, where = this.where }, { replace = false } = {}) {
    if (trial === this.trial && where === this.where) return;
    this.take(trial, where);
    const address = this.address();
    if (replace) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
  },

  addTerms(terms) {
    this.set({ where: withTerms(this.where, terms) });
  },

  // The next or previous trial in the order of the table.
  step(by) {
    const order = typeof tableOrder === "function" ? tableOrder() : store.trials.number;
    if (!order.length) return;
    const place = order.indexOf(this.trial);
    const next = place < 0 ? (by > 0 ? 0 : order.length - 1) : place + by;
    this.set({ trial: order[Math.max(0, Math.min(order.length - 1, next))] });
  },

  take(trial, where) {
    const filtered = where !== this.where || (where !== "" && this.runs === null);
    this.trial = trial;
    this.where = where;
    if (filtered) this.runs = matchingRuns(where);
    this.listeners.forEach((listener) => listener(filtered));
  },

  address() {
    const parts = [];
    if (this.trial !== null) parts.push(`trial=${this.trial}`);
    if (this.where) parts.push(`where=${encodeURIComponent(this.where)}`);
    return `${location.pathname}${location.search}#${parts.join("&")}`;
  },

  // Numbers of matching runs and trials.
  counts() {
    const all = store.runs.trial.length;
    if (this.runs === null) return { runs: all, trials: store.trials.number.length };
    const trials = new Set();
    let runs = 0;
    this.runs.forEach((matches, run) => {
      if (!matches) return;
      runs += 1;
      trials.add(store.runs.trial[run]);
    });
    return { runs, trials: trials.size };
  },

  matched() {
    return this.runs === null ? [] : [...this.runs.keys()].filter((run) => this.runs[run]);
  },
};

function connectFilter() {
  const box = document.getElementById("filter");
  const clear = document.getElementById("filter-clear");
  let waiting = 0;
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    // While a word is typed only its last state is worth an entry of the history.
    waiting = setTimeout(() => selection.set({ where: box.value.trim() }), 120);
  });
  clear.addEventListener("click", () => {
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
  const all = store.runs.trial.length;
  const words = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
  const shown = selection.runs === null ? words(all, "run")
    : `${runs.toLocaleString("en")} of ${words(all, "run")}, ${words(trials, "trial")}`;
  document.getElementById("filter-count").textContent = shown;
  document.getElementById("filter-clear").hidden = !selection.where;
  const now = document.getElementById("trial-now");
  now.textContent = selection.trial === null ? "no trial selected" : `trial ${selection.trial}`;
}

function connectKeys() {
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, [contenteditable]");
    if (event.key === "Escape") {
      if (selection.where) selection.set({ where: "" });
      else if (!typing) selection.set({ trial: null });
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    // Up and down scroll a page, so they walk trials in the table alone; sideways a wide one scrolls.
    const inside = event.target.closest?.(".scroll");
    const keys = inside ? { ArrowDown: 1, ArrowUp: -1 } : { ArrowRight: 1, ArrowLeft: -1 };
    const by = { ...keys, j: 1, k: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    selection.step(by);
  });
  document.getElementById("trial-previous").addEventListener("click", () => selection.step(-1));
  document.getElementById("trial-next").addEventListener("click", () => selection.step(1));
}
