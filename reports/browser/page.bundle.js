// Made by `npm run build` from main.js and what it imports. Edit those.
"use strict";
var report = (() => {
  var __defProp = Object.defineProperty;
  var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
  var __getOwnPropNames = Object.getOwnPropertyNames;
  var __hasOwnProp = Object.prototype.hasOwnProperty;
  var __export = (target, all) => {
    for (var name in all)
      __defProp(target, name, { get: all[name], enumerable: true });
  };
  var __copyProps = (to, from, except, desc) => {
    if (from && typeof from === "object" || typeof from === "function") {
      for (let key of __getOwnPropNames(from))
        if (!__hasOwnProp.call(to, key) && key !== except)
          __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
    }
    return to;
  };
  var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);

  // main.js
  var main_exports = {};
  __export(main_exports, {
    columnOf: () => columnOf,
    curve: () => curve,
    markers: () => markers,
    panels: () => panels,
    runsOf: () => runsOf,
    selection: () => selection,
    store: () => store,
    trialIndex: () => trialIndex,
    valueIn: () => valueIn,
    words: () => words_exports
  });

  // elements.js
  var SVG = "http://www.w3.org/2000/svg";
  function byId(identity) {
    const element = document.getElementById(identity);
    if (!element) throw new Error(`the page has no element #${identity}`);
    return element;
  }
  function within(root, selector) {
    const element = root.querySelector(selector);
    if (!element) throw new Error(`the page has no element ${selector}`);
    return (
      /** @type {HTMLElement} */
      element
    );
  }
  function around(event, selector) {
    return event.target instanceof Element ? event.target.closest(selector) : null;
  }
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    setAttributes(element, attributes);
    element.append(...children.filter((child) => child !== null && child !== void 0));
    return element;
  }
  function shape(tag, attributes = {}) {
    const element = document.createElementNS(SVG, tag);
    setAttributes(element, attributes);
    return element;
  }
  function setAttributes(element, attributes) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === void 0 || value === false) continue;
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }

  // words.js
  var words_exports = {};
  __export(words_exports, {
    MISSING: () => MISSING,
    counted: () => counted,
    fixed: () => fixed,
    imagesText: () => imagesText,
    numberText: () => numberText,
    termNumber: () => termNumber,
    valueText: () => valueText
  });
  var MISSING = "–";
  var LARGE = 1e6;
  var LARGE_WHOLE = 1e9;
  var SMALL = 0.01;
  var grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 20 });
  function numberText(value, digits = 3) {
    if (value === null || value === void 0) return MISSING;
    if (Number.isNaN(value)) return "nan";
    const size = Math.abs(value);
    if (size === Infinity) return value < 0 ? "-inf" : "inf";
    if (Number.isInteger(value) && size < LARGE_WHOLE) return withCommas(value);
    if (size >= LARGE || size < SMALL) {
      return value.toExponential(digits - 1).replace(/\.?0*e/, "e").replace("e+", "e");
    }
    const isLong = size >= 10 ** (digits - 1);
    return withCommas(Number(isLong ? value.toFixed(0) : value.toPrecision(digits)));
  }
  function withCommas(value) {
    return grouped.format(value + 0);
  }
  function termNumber(value) {
    return numberText(value).replaceAll(",", "");
  }
  function fixed(value, decimals = 2) {
    return value === null ? MISSING : value.toFixed(decimals);
  }
  function imagesText(count) {
    if (count === null || !Number.isFinite(count)) return MISSING;
    for (
      const [size, unit] of
      /** @type {const} */
      [
        [1e6, "M"],
        [1e3, "k"]
      ]
    ) {
      if (count >= size) return `${Number((count / size).toPrecision(3))}${unit}`;
    }
    return count.toFixed(0);
  }
  function counted(count, noun) {
    return `${withCommas(count)} ${noun}${count === 1 ? "" : "s"}`;
  }
  function valueText(value) {
    if (value === null || value === void 0) return MISSING;
    return typeof value === "number" ? numberText(value) : String(value);
  }

  // store.js
  var store = {
    study: {
      name: "",
      folder: "",
      budget: null,
      names: { frechet: "", kernel: "" },
      leading: null,
      logFrom: Infinity,
      classes: [],
      realShares: null,
      baseline: {}
    },
    base: {},
    outcomes: {},
    trials: { number: [], origin: [], overrides: [] },
    runs: {
      trial: [],
      seed: [],
      stage: [],
      outcome: [],
      onset: [],
      life: [],
      score: [],
      quality: [],
      confidence: [],
      frechet: [],
      kernel: [],
      images: [],
      cost: [],
      started: [],
      ended: [],
      attempts: [],
      evidence: [],
      error: [],
      flags: [],
      notJudged: []
    },
    columns: [],
    first: [],
    metrics: [],
    filmstrips: {},
    neighbours: {},
    pictures: {}
  };
  var indexOfTrial = /* @__PURE__ */ new Map();
  var runsOfTrial = /* @__PURE__ */ new Map();
  var columnOfName = /* @__PURE__ */ new Map();
  var curves = /* @__PURE__ */ new Map();
  async function unpack(identity) {
    const text = byId(identity).textContent ?? "";
    const bytes = Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }
  async function unpackJson(identity) {
    return JSON.parse(new TextDecoder().decode(await unpack(identity)));
  }
  async function readStore() {
    const packed = await unpackJson("store");
    for (const name of ["stage", "outcome"]) {
      const { codes, levels } = packed.runs[name];
      packed.runs[name] = codes.map((code) => levels[code]);
    }
    Object.assign(store, packed, { first: Int32Array.from(packed.first) });
    store.pictures = JSON.parse(byId("pictures").textContent ?? "{}");
    store.trials.number.forEach((number, i) => {
      indexOfTrial.set(number, i);
      runsOfTrial.set(number, []);
    });
    store.runs.trial.forEach((number, run) => {
      if (!runsOfTrial.has(number)) runsOfTrial.set(number, []);
      runsOf(number).push(run);
    });
    for (const column of store.columns) {
      connectColumn(column);
      columnOfName.set(column.name, column);
    }
  }
  function connectColumn(column) {
    if (column.of === void 0) return;
    const values = store.runs[column.of];
    column.values = values;
    if (column.kind !== "category") return;
    const ordered = column.of === "outcome" ? Object.keys(store.outcomes) : [];
    const levels = [.../* @__PURE__ */ new Set([...ordered, ...values.map(String)])];
    const code = new Map(levels.map((level, i) => [level, i]));
    column.levels = levels;
    column.values = values.map((value) => code.get(String(value)) ?? null);
  }
  function trialIndex(trial) {
    return indexOfTrial.get(trial);
  }
  function runsOf(trial) {
    return runsOfTrial.get(trial) ?? [];
  }
  function columnOf(name) {
    return columnOfName.get(name);
  }
  function valueIn(column, run) {
    const index = column.level === "trial" ? trialIndex(store.runs.trial[run]) : run;
    const value = index === void 0 ? null : column.values[index] ?? null;
    return column.levels && typeof value === "number" ? column.levels[value] : value;
  }
  function curve(name) {
    const kept = curves.get(name);
    if (kept) return kept;
    const index = store.metrics.findIndex((metric) => metric.name === name);
    const values = index < 0 ? Promise.resolve(null) : unpack(`curve-${index}`).then(joinPlanes);
    curves.set(name, values);
    return values;
  }
  function joinPlanes(bytes) {
    const count = bytes.length / 4;
    const joined = new Uint8Array(bytes.length);
    for (let plane = 0; plane < 4; plane += 1) {
      const start2 = plane * count;
      for (let i = 0; i < count; i += 1) joined[4 * i + plane] = bytes[start2 + i];
    }
    return new Float32Array(joined.buffer);
  }
  function describe(run) {
    const of = store.runs;
    const failed = of.onset[run] !== null && store.outcomes[of.outcome[run]].fails;
    const lines = [
      `trial ${of.trial[run]}, seed ${of.seed[run]} (${of.stage[run]})`,
      `${of.outcome[run]}${failed ? ` at ${imagesText(of.onset[run])} images` : ""}`,
      `quality ${numberText(of.quality[run])}, score ${numberText(of.score[run])}`,
      `${store.study.names.kernel} ${numberText(of.kernel[run])}`
    ];
    for (const column of store.columns) {
      if (column.level !== "trial" || column.name === "origin") continue;
      const value = valueIn(column, run);
      if (value !== null) lines.push(`${column.title} ${valueText(value)}`);
    }
    return lines;
  }
  function settingAt(config, path) {
    return path.split(".").reduce((node, part) => (
      /** @type {any} */
      node?.[part]
    ), config);
  }

  // where.js
  function splitTerms(where) {
    return where.match(/(?:"[^"]*"|[^\s"])+/g) ?? [];
  }
  function unquoted(text) {
    return text.replaceAll('"', "");
  }
  function quoted(value) {
    const text = unquoted(String(value));
    return /[\s|]|\.\./.test(text) || text === "" ? `"${text}"` : text;
  }
  function filterPath(name) {
    return name.replace(/\.(generator|critic)\./, ".$1_");
  }
  function columnNamed(name) {
    const whole = columnOf(name);
    if (whole) return whole;
    const wanted = filterPath(name.toLowerCase());
    const ends = store.columns.filter((column) => {
      const path = filterPath(column.name.toLowerCase());
      return path === wanted || path.endsWith(`.${wanted}`) || column.title.toLowerCase() === wanted;
    });
    return ends.length === 1 ? ends[0] : null;
  }
  function shortPath(name) {
    const end = filterPath(name).split(".").at(-1) ?? name;
    return columnNamed(end)?.name === name ? end : name;
  }
  function matchingRuns(where) {
    const terms = splitTerms(where);
    if (!terms.length) return null;
    const mask = new Uint8Array(store.runs.trial.length).fill(1);
    for (const term of terms) {
      const negative = term.length > 1 && term.startsWith("-");
      const holds = testOf(negative ? term.slice(1) : term);
      for (let run = 0; run < mask.length; run += 1) {
        if (mask[run] && holds(run) === negative) mask[run] = 0;
      }
    }
    return mask;
  }
  function testOf(term) {
    const [, name, value] = term.match(/^([^=]+)=(.*)$/) ?? [];
    const column = name ? columnNamed(unquoted(name)) : null;
    if (!column) {
      const word = unquoted(term).toLowerCase();
      return (run) => runText(run).includes(word);
    }
    const range = splitRange(value);
    if (range) return rangeTest(column, range);
    const wanted = new Set(splitValues(value).map((text) => text.toLowerCase()));
    return (run) => {
      const actual = valueIn(column, run);
      if (actual === null) return wanted.has("none") || wanted.has("–");
      return wanted.has(String(actual).toLowerCase()) || typeof actual === "number" && [...wanted].some((text) => Number(text) === actual);
    };
  }
  function splitRange(value) {
    const [, low, high] = value.match(/^([^.|"]*(?:\.\d[^.|"]*)?)\.\.(.*)$/) ?? [];
    return low === void 0 ? null : [low, high];
  }
  function splitValues(value) {
    return (value.match(/(?:"[^"]*"|[^|"])+/g) ?? [""]).map(unquoted);
  }
  function rangeTest(column, [first, last]) {
    const low = first === "" ? -Infinity : Number(first);
    const high = last === "" ? Infinity : Number(last);
    return (run) => {
      const value = valueIn(column, run);
      return typeof value === "number" && value >= low && value <= high;
    };
  }
  var texts = [];
  function runText(run) {
    if (texts[run] === void 0) {
      const of = store.runs;
      const parts = [
        `trial ${of.trial[run]}`,
        `seed ${of.seed[run]}`,
        of.outcome[run],
        of.stage[run],
        ...of.flags[run].map(([name]) => name),
        of.error[run],
        of.evidence[run]
      ];
      for (const column of store.columns) {
        if (column.level === "trial" && column.kind === "category") {
          parts.push(String(valueIn(column, run) ?? ""));
        }
      }
      texts[run] = parts.join(" ").toLowerCase();
    }
    return texts[run];
  }
  function columnOfTerm(term) {
    const name = term.match(/^([^=-][^=]*)=/)?.[1];
    return name ? columnNamed(unquoted(name))?.name : void 0;
  }
  function withTerms(where, terms) {
    const nameOf = (term) => columnOfTerm(term.replace(/^-/, ""));
    const replaced = new Set(terms.map(nameOf).filter(Boolean));
    const kept = splitTerms(where).filter((term) => !replaced.has(nameOf(term)));
    return [...kept, ...terms].join(" ");
  }
  function withoutColumns(where, names) {
    return splitTerms(where).filter((term) => !names.includes(columnOfTerm(term) ?? "")).join(" ");
  }

  // selection.js
  var TYPING_PAUSE = 120;
  var Selection = class {
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
      const isFiltered = where !== this.where || where !== "" && this.runs === null;
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
      const matched = [];
      this.runs?.forEach((matches, run) => {
        if (matches) matched.push(run);
      });
      return matched;
    }
  };
  var selection = new Selection();
  function connectFilter() {
    const box = (
      /** @type {HTMLInputElement} */
      byId("filter")
    );
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
    byId("filter-count").textContent = selection.runs === null ? all : `${runs.toLocaleString("en")} of ${all}, ${counted(trials, "trial")}`;
    byId("filter-clear").hidden = !selection.where;
    byId("trial-now").textContent = selection.trial === null ? "no trial selected" : `trial ${selection.trial}`;
  }
  function connectKeys() {
    addEventListener("keydown", (event) => {
      const isTyping = around(event, "input, select, textarea, [contenteditable]") !== null;
      if (event.key === "Escape") {
        if (selection.where) selection.set({ where: "" });
        else if (!isTyping) selection.set({ trial: null });
        return;
      }
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
      const [forward, back] = around(event, ".scroll") ? ["ArrowDown", "ArrowUp"] : ["ArrowRight", "ArrowLeft"];
      const by = [forward, "j"].includes(event.key) ? 1 : [back, "k"].includes(event.key) ? -1 : 0;
      if (by === 0) return;
      event.preventDefault();
      selection.step(by);
    });
    byId("trial-previous").addEventListener("click", () => selection.step(-1));
    byId("trial-next").addEventListener("click", () => selection.step(1));
  }

  // overlay.js
  var MOST_GLYPHS = 400;
  var MOST_POINTS = 4e3;
  var TURN_ACROSS = 0.6180339887;
  var TURN_UPWARD = 0.7548776662;
  var SLOT_WIDTH = 0.6;
  var markers = {
    /** Runs or trials that have a mark of their own, by the customdata of their traces. */
    points(panel, runs) {
      const wanted = {
        runs: new Set(runs),
        trials: new Set(runs.map((run) => store.runs.trial[run]))
      };
      const groups = /* @__PURE__ */ new Map();
      for (const trace of panel.frame._fullData ?? []) {
        const of = trace.meta?.of;
        if (!wanted[of] || trace.visible !== true) continue;
        const axes = `${trace.xaxis ?? "x"}${trace.yaxis ?? "y"}`;
        const key = `${axes} ${of}`;
        const group = groups.get(key) ?? { axes, points: [], neutral: of === "trials" };
        groups.set(key, group);
        trace.customdata?.forEach((which, i) => {
          if (wanted[of].has(which)) group.points.push([trace.x[i], trace.y[i]]);
        });
      }
      return [...groups.values()];
    },
    /** Runs on a binned map, where the axes are columns of the store. */
    cells(panel, runs) {
      const across = placer(panel.brush.x, TURN_ACROSS);
      const upward = placer(panel.brush.y, TURN_UPWARD);
      const points = runs.map((run) => (
        /** @type {Point} */
        [across(run), upward(run)]
      ));
      return [{ axes: "xy", points: points.filter((point) => point.every(Number.isFinite)) }];
    }
  };
  function placer(brush, turn) {
    const column = columnOf(brush.column);
    const slots = new Map(brush.slots.map((slot, i) => [String(slot), i]));
    return (run) => {
      const value = column ? valueIn(column, run) : null;
      if (value === null) return NaN;
      if (brush.scale === "slots") {
        const offset = store.runs.trial[run] * turn % 1 - 0.5;
        return (slots.get(String(value)) ?? NaN) + SLOT_WIDTH * offset;
      }
      return brush.scale === "log10" ? Math.log10(Number(value)) : Number(value);
    };
  }
  function drawMarks(panel) {
    if (!panel.stored?.marks || !panel.frame._fullLayout) return;
    const marker = markers[panel.stored.marks];
    if (!marker) throw new Error(`no script draws the marks "${panel.stored.marks}"`);
    const drawn = (
      /** @type {import("./types").DrawnPanel} */
      panel
    );
    const layer = panel.overlay ?? newLayer(panel);
    layer.replaceChildren();
    panel.frame.toggleAttribute("data-brushed", selection.runs !== null);
    for (const [outcome, runs] of byOutcome(selection.matched())) {
      draw(layer, drawn, marker(drawn, runs), "matched", outcome);
    }
    if (selection.trial !== null) {
      draw(layer, drawn, marker(drawn, runsOf(selection.trial)), "selected", null);
    }
    panel.stale = false;
  }
  function redrawMarks(panel) {
    panel.stale = true;
    if (panel.visible) requestAnimationFrame(() => panel.stale && drawMarks(panel));
  }
  function newLayer(panel) {
    const layer = shape("svg", { class: "overlay", "aria-hidden": "true" });
    panel.overlay = layer;
    panel.frame.append(layer);
    return layer;
  }
  function byOutcome(runs) {
    const groups = /* @__PURE__ */ new Map();
    for (const run of runs) {
      const outcome = store.runs.outcome[run];
      if (!groups.has(outcome)) groups.set(outcome, []);
      groups.get(outcome).push(run);
    }
    return groups;
  }
  function draw(layer, panel, groups, kind, outcome) {
    for (const group of groups) {
      const plot = subplot(panel.frame, group.axes);
      if (!plot) continue;
      const coloured = group.neutral ? null : outcome;
      const { left, top, width, height } = plot;
      const inner = shape("svg", { class: kind, x: left, y: top, width, height });
      if (coloured) inner.style.color = store.outcomes[coloured].colour;
      for (const line of group.lines ?? []) inner.append(polyline(line, plot));
      for (const rect of group.rects ?? []) inner.append(rectangle(rect, plot));
      drawPoints(inner, group.points ?? [], plot, kind, coloured);
      layer.append(inner);
    }
  }
  function subplot(frame, axes) {
    const [, x, y] = axes.match(/^x(\d*)y(\d*)$/) ?? [];
    const across = frame._fullLayout?.[`xaxis${x}`];
    const upward = frame._fullLayout?.[`yaxis${y}`];
    if (!across?._length || !upward?._length) return null;
    return {
      left: across._offset,
      top: upward._offset,
      width: across._length,
      height: upward._length,
      x: (value) => (
        /** @type {number} */
        across.d2p(value)
      ),
      y: (value) => (
        /** @type {number} */
        upward.d2p(value)
      )
    };
  }
  function polyline(line, plot) {
    let pen = "M";
    let path = "";
    for (const [x, y] of line) {
      const [across, upward] = [plot.x(x), plot.y(y)];
      if (y === null || !Number.isFinite(across) || !Number.isFinite(upward)) {
        pen = "M";
        continue;
      }
      path += `${pen}${across.toFixed(1)},${upward.toFixed(1)}`;
      pen = "L";
    }
    return shape("path", { d: path, class: "line" });
  }
  function rectangle([x0, y0, x1, y1], plot) {
    const [left, right] = [plot.x(x0), plot.x(x1)].sort((a, b) => a - b);
    const [top, bottom] = [plot.y(y0), plot.y(y1)].sort((a, b) => a - b);
    return shape("rect", { x: left, y: top, width: right - left, height: bottom - top });
  }
  function drawPoints(inner, points, plot, kind, outcome) {
    const at = thinned(points, MOST_POINTS).map(([x, y]) => [plot.x(x), plot.y(y)]);
    if (kind === "selected") {
      inner.append(...at.map(([x, y]) => shape("circle", { cx: x, cy: y, r: 9 })));
    } else if (outcome && at.length <= MOST_GLYPHS) {
      const d = store.outcomes[outcome].path;
      inner.append(
        ...at.map(
          ([x, y]) => shape("path", {
            d,
            class: "glyph",
            transform: `translate(${x - 6.4} ${y - 6.4}) scale(.8)`
          })
        )
      );
    } else if (at.length) {
      const d = at.map(([x, y]) => `M${x.toFixed(1)},${y.toFixed(1)}h0`).join("");
      inner.append(shape("path", { d, class: "dots" }));
    }
  }
  function thinned(all, most) {
    if (all.length <= most) return all;
    return Array.from({ length: most }, (_, i) => all[Math.floor(i * all.length / most)]);
  }

  // ../sections/cost/cost.js
  var positions = null;
  markers.cost = (panel, runs) => {
    positions ??= positionsOf(panel.stored.extra);
    const trials = new Set(runs.map((run) => store.runs.trial[run]));
    const points = [];
    for (const trial of trials) {
      const point = positions.get(trial);
      if (point) points.push(point);
    }
    return [{ axes: "xy", points, neutral: true }];
  };
  function positionsOf({ trial, x, y }) {
    return new Map(trial.map((number, i) => [number, [x[i], y[i]]]));
  }

  // ../sections/matters/dependence.js
  var MOST_SCORES = 300;
  var MOST_GLYPHS2 = 60;
  markers.dependence = (panel, runs) => {
    const drawn = thinned(runs, MOST_SCORES);
    return Object.entries(panel.brush).map(([axis, brush]) => {
      const at = placer(brush, TURN_ACROSS);
      const points = drawn.map((run) => (
        /** @type {Point} */
        [at(run), store.runs.score[run]]
      )).filter((point) => point.every(Number.isFinite));
      return { axes: `${axis}y${axis.slice(1)}`, points, neutral: drawn.length > MOST_GLYPHS2 };
    });
  };

  // ../sections/failures/failures.js
  var UNBIASED_ORIGINS = ["known", "sobol"];
  var BAR_HALF = 0.11;
  var piecesOfRuns = null;
  markers.bars = (panel, runs) => {
    const bars = panel.stored.extra.bars;
    piecesOfRuns ??= piecesOf(bars);
    const counts = new Int32Array(bars.length);
    for (const pieces of piecesOfRuns) {
      for (const run of runs) {
        if (pieces[run] >= 0) counts[pieces[run]] += 1;
      }
    }
    const rects = [];
    bars.forEach(({ before, total, y }, i) => {
      if (!counts[i]) return;
      rects.push([before / total, y - BAR_HALF, (before + counts[i]) / total, y + BAR_HALF]);
    });
    return [{ axes: "xy", rects }];
  };
  function piecesOf(bars) {
    const index = new Map(bars.map((bar, i) => [`${bar.group} ${bar.level} ${bar.outcome}`, i]));
    return [...new Set(bars.map((bar) => bar.group))].map((group) => {
      const pieces = new Int16Array(store.runs.trial.length).fill(-1);
      const levels = store.trials.number.map((_, trial) => levelOf(group, trial));
      store.runs.trial.forEach((number, run) => {
        if (store.runs.stage[run] !== "explore") return;
        const trial = trialIndex(number);
        const level = trial === void 0 ? "" : levels[trial];
        pieces[run] = index.get(`${group} ${level} ${store.runs.outcome[run]}`) ?? -1;
      });
      return pieces;
    });
  }
  function levelOf(group, trial) {
    const isUnbiased = UNBIASED_ORIGINS.includes(store.trials.origin[trial].split(":")[0]);
    if (group === "chosen") return isUnbiased ? "known and Sobol" : "optimizer";
    return isUnbiased ? String(settingOf(trial, group)) : "";
  }
  function settingOf(trial, path) {
    const override = store.trials.overrides[trial][path];
    return override !== void 0 ? override : settingAt(store.base, path) ?? null;
  }
  markers.survival = (panel, runs) => {
    const [times, levels] = panel.stored.extra.steps;
    const points = [];
    for (const run of runs) {
      const onset = store.runs.onset[run];
      if (onset === null || !store.outcomes[store.runs.outcome[run]].breaks) continue;
      const later = times.findIndex((time) => time > onset);
      const step = (later < 0 ? times.length : later) - 1;
      points.push([onset, step < 0 ? 1 : levels[step]]);
    }
    return [{ axes: "xy", points }];
  };
  markers.onset = (panel, runs) => {
    const { rows, budget, below } = panel.stored.extra;
    if (!below) return markers.points(panel, runs);
    const points = [];
    for (const run of runs) {
      const row = rows.indexOf(store.runs.outcome[run]);
      if (row >= 0) points.push([store.runs.life[run] * budget, row + below]);
    }
    return [{ axes: "xy", points }];
  };

  // brush.js
  function connectBrush(panel) {
    if (!Object.keys(panel.brush).length) return;
    panel.frame.on("plotly_selected", () => {
      const drawn = panel.frame.layout.selections?.at(-1);
      if (!drawn) return;
      const terms = [
        termOf(panel.brush[drawn.xref], drawn.x0, drawn.x1),
        termOf(panel.brush[drawn.yref], drawn.y0, drawn.y1)
      ].filter((term) => term !== null);
      if (!terms.length) return;
      panel.written = withTerms(selection.where, terms);
      selection.addTerms(terms);
    });
  }
  function termOf(brush, first, last) {
    if (!brush || first === void 0) return null;
    const [low, high] = [Math.min(first, last), Math.max(first, last)];
    const name = shortPath(brush.column);
    if (brush.scale === "slots") {
      const inside = brush.slots.filter((_, i) => i >= low && i <= high);
      return inside.length ? `${name}=${inside.map(quoted).join("|")}` : null;
    }
    return `${name}=${endText(brush.scale, low)}..${endText(brush.scale, high)}`;
  }
  function endText(scale, position) {
    return termNumber(scale === "log10" ? 10 ** position : position);
  }
  function dropOldBrush(panel) {
    if (panel.written === void 0 || panel.written === selection.where) return;
    panel.written = void 0;
    Plotly.relayout(panel.frame, { selections: [] });
  }

  // card.js
  var GAP = 14;
  function connectPointer({ frame }) {
    frame.on("plotly_hover", (event) => {
      const run = event.points && runAt(event.points[0]);
      if (run !== void 0) showCard(run, event.event);
    });
    frame.on("plotly_unhover", hideCard);
    frame.on("plotly_click", (event) => {
      const point = event.points.find((it) => it.data.meta?.of) ?? event.points[0];
      const run = runAt(point);
      if (point.data.meta?.of === "terms") selection.addTerms(point.customdata);
      else if (run !== void 0) selection.set({ trial: store.runs.trial[run] });
    });
  }
  function runAt(point) {
    const of = point.data.meta?.of;
    if (point.customdata === void 0 || point.customdata === null) return void 0;
    if (of === "runs") return point.customdata;
    return of === "trials" ? runsOf(point.customdata)[0] : void 0;
  }
  function theCard() {
    const card = document.getElementById("card");
    if (card) return card;
    const added = make("div", { id: "card", hidden: true, role: "status" });
    document.body.append(added);
    return added;
  }
  function showCard(run, pointer) {
    const card = theCard();
    card.replaceChildren(...describe(run).map((line) => make("div", {}, line)));
    card.hidden = false;
    const { width, height } = card.getBoundingClientRect();
    const left = Math.min(pointer.clientX + GAP, innerWidth - width - 8);
    const isBelow = pointer.clientY + GAP + height < innerHeight;
    card.style.left = `${Math.max(8, left)}px`;
    card.style.top = `${isBelow ? pointer.clientY + GAP : pointer.clientY - height - GAP}px`;
  }
  function hideCard() {
    theCard().hidden = true;
  }

  // csv.js
  function csvText(lines) {
    return lines.map((line) => `${line.map(csvCell).join(",")}\r
`).join("");
  }
  function csvCell(value) {
    if (value === null || value === void 0) return "";
    if (typeof value === "number") return String(value);
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  }
  function saveCsv(name, lines) {
    const href = URL.createObjectURL(new Blob([csvText(lines)], { type: "text/csv" }));
    make("a", { download: name, href }).click();
    URL.revokeObjectURL(href);
  }

  // figure_table.js
  var MOST_ROWS = 300;
  function connectTable({ element, identity }, read) {
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
  function rowsOf(columns, most = Infinity) {
    const all = Object.values(columns);
    const count = Math.min(most, all[0]?.length ?? 0);
    return Array.from({ length: count }, (_, i) => all.map((values) => values[i]));
  }
  function tableOf(columns) {
    const count = Object.values(columns)[0]?.length ?? 0;
    const head = Object.keys(columns).map((name) => make("th", { scope: "col" }, name));
    const rows = rowsOf(columns, MOST_ROWS).map((row) => make("tr", {}, ...row.map(cellOf)));
    const region = make(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Table of the figure" },
      make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows))
    );
    if (count <= MOST_ROWS) return [region];
    const note = `Showing ${MOST_ROWS} of ${count.toLocaleString("en")} rows. The CSV file has all of them.`;
    return [region, make("p", { class: "note" }, note)];
  }
  function cellOf(value) {
    return make("td", { class: typeof value === "number" ? "number" : null }, valueText(value));
  }

  // webgl.js
  function canDrawWebgl() {
    const context = document.createElement("canvas").getContext("webgl");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    return context !== null;
  }
  function showNoWebgl({ element, frame }) {
    const text = "This figure needs WebGL, which this browser does not support. The table below shows the same runs.";
    frame.replaceChildren(make("p", { class: "empty" }, text));
    frame.style.minHeight = "0";
    within(element, "figcaption").hidden = true;
  }

  // panels.js
  var panels = [];
  var narrow = matchMedia("(max-width: 40rem)");
  var coarse = matchMedia("(pointer: coarse)").matches || narrow.matches;
  var NEAR = "400px 0px";
  function configOf(hasBrush) {
    return {
      responsive: true,
      displaylogo: false,
      showSendToCloud: false,
      plotGlPixelRatio: 1,
      // lines of WebGL are one pixel wide: two make them hard to see
      modeBarButtonsToRemove: [
        "lasso2d",
        "autoScale2d",
        "zoomIn2d",
        "zoomOut2d",
        ...hasBrush ? [] : ["select2d"]
      ]
    };
  }
  function drawPanel(panel) {
    panel.drawing ??= drawOnce(panel);
    return panel.drawing;
  }
  async function drawOnce(panel) {
    const { element, frame } = panel;
    const drawn = await readPanel(panel);
    const { stored } = drawn;
    if (panel.usesWebgl && !canDrawWebgl()) {
      showNoWebgl(panel);
      return;
    }
    const hasBrush = Object.keys(stored.brush).length > 0;
    stored.layout.dragmode = coarse ? false : hasBrush ? "select" : "zoom";
    stored.layout.newselection = { line: { color: "#808080", width: 1, dash: "dot" } };
    stored.data.forEach(dress);
    frame.replaceChildren();
    await Plotly.newPlot(frame, stored.data, stored.layout, configOf(hasBrush));
    if (narrow.matches) await Plotly.relayout(frame, stored.narrow);
    connectPickers(drawn);
    connectKey(drawn);
    connectPointer(panel);
    connectBrush(panel);
    frame.on("plotly_afterplot", () => redrawMarks(panel));
    element.dispatchEvent(new CustomEvent("drawn", { detail: panel }));
    redrawMarks(panel);
  }
  async function readPanel(panel) {
    const stored = await unpackJson(`${panel.identity}-data`);
    return Object.assign(panel, { stored, brush: { ...stored.brush } });
  }
  function whenDrawn(identity, listener) {
    document.querySelector(`[data-panel=${identity}]`)?.addEventListener("drawn", (event) => {
      listener(
        /** @type {CustomEvent<DrawnPanel>} */
        event.detail
      );
    });
  }
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
    const pick = async () => {
      const keys = menus.map((menu) => menu.value);
      const options = menus.map((_, i) => stored.pickers[i][keys[i]]);
      const joint = stored.joint[keys.join("|")];
      if (joint) options.push(joint);
      const restyle = Object.assign({}, ...options.map((option) => option.restyle));
      const relayout = Object.assign({}, ...options.map((option) => option.relayout));
      Object.assign(panel.brush, ...options.map((option) => option.brush ?? {}));
      await Plotly.update(panel.frame, restyle, { ...relayout, selections: [] });
      const text = options.map((option) => option.note).join(" ").trim();
      if (note instanceof HTMLElement) {
        note.textContent = text;
        note.hidden = text === "";
      }
      redrawMarks(panel);
    };
    for (const menu of menus) menu.addEventListener("change", pick);
    if (menus.some(isChanged)) pick();
  }
  function isChanged(menu) {
    return menu.value !== menu.querySelector("option[selected]")?.getAttribute("value");
  }
  function connectKey(panel) {
    for (const button of panel.element.querySelectorAll(".key button")) {
      button.addEventListener("click", async () => {
        const visible = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(visible));
        const outcome = button.getAttribute("data-outcome");
        const traces = panel.stored.data.flatMap(
          (trace, i) => trace.meta?.outcome === outcome ? [i] : []
        );
        if (traces.length) await Plotly.restyle(panel.frame, { visible }, traces);
      });
    }
  }
  function connectPanels() {
    const near = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          const panel = panels.find((it) => it.element === target);
          if (!panel) continue;
          panel.visible = isIntersecting;
          if (!isIntersecting) continue;
          drawPanel(panel);
          if (panel.stored && panel.stale) redrawMarks(panel);
        }
      },
      { rootMargin: NEAR }
    );
    for (const element of document.querySelectorAll("[data-panel]")) {
      const panel = newPanel(
        /** @type {HTMLElement} */
        element
      );
      panels.push(panel);
      connectTable(panel, async () => {
        await drawPanel(panel);
        return panel.stored?.table ?? {};
      });
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
  function newPanel(element) {
    return {
      identity: element.dataset.panel ?? "",
      element,
      frame: (
        /** @type {import("./types").PlotlyFrame} */
        within(element, ".frame")
      ),
      usesWebgl: element.hasAttribute("data-webgl"),
      visible: false,
      stale: true,
      brush: {}
    };
  }
  async function drawTheRest() {
    for (const panel of panels.filter((it) => !it.usesWebgl)) {
      await new Promise((resolve) => (window.requestIdleCallback ?? requestAnimationFrame)(resolve));
      await drawPanel(panel);
    }
    document.documentElement.dataset.complete = "true";
    document.dispatchEvent(new Event("complete"));
  }

  // ../sections/curves/curves.js
  var loaded = /* @__PURE__ */ new Map();
  function menuOf(panel) {
    const menu = panel.element.querySelector(".pickers select");
    if (!(menu instanceof HTMLSelectElement)) throw new Error("the curves have no menu of metrics");
    return menu;
  }
  function valuesOf(metric, then) {
    const values = loaded.get(metric);
    if (values) return values;
    curve(metric).then((unpacked) => {
      loaded.set(metric, unpacked);
      if (unpacked) then();
    });
    return null;
  }
  markers.curves = (panel, runs) => {
    const again = () => redrawMarks(panel);
    const images = valuesOf("images_seen", again);
    const values = valuesOf(menuOf(panel).value, again);
    if (!images || !values) return [];
    const matched = Math.max(runs.length, selection.counts().runs);
    const most = Math.max(1, Math.round(panel.stored.extra.most * runs.length / matched));
    const lines = thinned(runs, most).map((run) => lineOf(run, images, values));
    return [{ axes: "xy", lines }];
  };
  function lineOf(run, images, values) {
    const line = [];
    for (let row = store.first[run]; row < store.first[run + 1]; row += 1) {
      line.push([images[row], finiteOrNull(values[row])]);
    }
    return line;
  }
  function finiteOrNull(value) {
    return Number.isFinite(value) ? value : null;
  }
  async function drawMetric(panel) {
    const name = menuOf(panel).value;
    const [images, values] = await Promise.all([curve("images_seen"), curve(name)]);
    if (!images || !values || name !== menuOf(panel).value) return;
    const metric = panel.stored.extra.metrics[name];
    const roles = panel.frame.data.map((trace) => trace.meta?.role);
    for (const [role, restyled] of Object.entries(METRIC_TRACES)) {
      const indices = roles.flatMap((other, i) => other === role ? [i] : []);
      if (!indices.length) continue;
      const changes = indices.map((i) => restyled(panel.frame.data[i], metric, images, values));
      const update = {};
      for (const key of Object.keys(changes[0])) update[key] = changes.map((change) => change[key]);
      await Plotly.restyle(panel.frame, update, indices);
    }
  }
  var METRIC_TRACES = {
    lines: (trace, _metric, _images, values) => ({ y: rowsOfTrace(trace, values) }),
    leader: (trace, _metric, _images, values) => ({ y: rowsOfTrace(trace, values) }),
    ends: (trace, metric, images, values) => ({
      y: trace.customdata.map(
        (run, i) => endValue(run, trace.x[i], metric, images, values)
      )
    }),
    middle: (trace, { middle, runs }) => ({
      y: middle,
      ...trace.text ? { customdata: runs, ...nameAtTheEnd(middle) } : {}
    }),
    baseline: (_trace, { baseline }) => ({ y: [baseline, baseline] }),
    target: (_trace, { target }) => ({ y: [target, target] }),
    density: (_trace, metric) => ({
      z: metric.density.map((row) => row.map((count) => count > 0 ? Math.log10(count) : null)),
      customdata: metric.density,
      y: levelEdges(metric, metric.density.length)
    })
  };
  function rowsOfTrace(trace, values) {
    let last = null;
    let row = 0;
    return trace.customdata.map((run) => {
      if (run === null) return null;
      row = run === last ? row + 1 : store.first[run];
      last = run;
      return finiteOrNull(values[row]);
    });
  }
  function endValue(run, end, { low, high }, images, values) {
    let last = high;
    for (let row = store.first[run]; row < store.first[run + 1]; row += 1) {
      if (images[row] <= end && Number.isFinite(values[row])) last = values[row];
    }
    return Math.min(high, Math.max(low, last));
  }
  function nameAtTheEnd(middle) {
    const last = middle.findLastIndex((value) => value !== null);
    const rises = last > 0 && Number(middle[last]) >= Number(middle[last - 1]);
    return {
      text: middle.map((_, i) => i === last ? "interquartile mean " : ""),
      textposition: rises ? "top left" : "bottom left"
    };
  }
  function levelEdges({ low, high, log }, count) {
    const [from, to] = log ? [Math.log10(low), Math.log10(high)] : [low, high];
    const edges = Array.from({ length: count + 1 }, (_, i) => from + (to - from) * i / count);
    return log ? edges.map((edge) => 10 ** edge) : edges;
  }
  whenDrawn("curves", (panel) => {
    const menu = menuOf(panel);
    menu.addEventListener("change", () => drawMetric(panel));
    if (isChanged(menu)) drawMetric(panel);
    const count = make("p", { class: "shown-of", "aria-live": "polite" });
    panel.frame.after(count);
    const showCount2 = () => {
      const most = panel.stored.extra.most;
      const { runs } = selection.counts();
      count.textContent = selection.runs === null || runs <= most ? "" : `Showing the lines of ${most.toLocaleString("en")} of ${runs.toLocaleString("en")} matched runs.`;
    };
    selection.onChange(showCount2);
    showCount2();
  });

  // ../sections/search/timeline.js
  markers.timeline = (panel, runs) => {
    const extra = panel.stored.extra;
    if (extra.large) return [{ axes: "xy2", rects: endsOf(runs, extra) }];
    return [{ axes: "xy", rects: barsOf(runs, extra) }];
  };
  function barsOf(runs, { unit, begin, end, lane, thickness }) {
    const bars = [];
    for (const run of runs) {
      const [from, to, y] = [begin[run], end[run], lane[run]];
      if (typeof from !== "number" || typeof to !== "number" || typeof y !== "number") continue;
      const half = (thickness[store.runs.stage[run]] ?? thickness.explore) / 2;
      bars.push([from / unit, y - half, to / unit, y + half]);
    }
    return bars;
  }
  function endsOf(runs, { end, bin, bins, unit }) {
    const counts = new Array(bins).fill(0);
    for (const run of runs) {
      const time = end[run];
      if (typeof time === "number") counts[Math.min(bins - 1, Math.floor(time / bin))] += 1;
    }
    const bars = [];
    counts.forEach((count, i) => {
      if (count) bars.push([(i + 0.3) * bin / unit, 0, (i + 0.7) * bin / unit, count]);
    });
    return bars;
  }

  // glyph.js
  var NO_OUTCOME = { colour: "#8A8A8A", path: "M3 3h10v10H3z" };
  function glyphOf(outcome) {
    const { colour, path } = store.outcomes[outcome] ?? NO_OUTCOME;
    const svg = shape("svg", { class: "glyph", viewBox: "0 0 16 16", "aria-hidden": "true" });
    svg.append(shape("path", { fill: colour, "fill-rule": "evenodd", d: path }));
    return svg;
  }

  // start.js
  var starters = [];
  function atStart(starter) {
    starters.push(starter);
  }
  function startSections() {
    for (const starter of starters) starter();
  }

  // ../sections/parameters/table.js
  var ROW_PIXELS = 33;
  var SPARE_ROWS = 10;
  var MOST_PRINTED = 50;
  var WIDEST = 22;
  var STORY = "what_happened";
  var STORY_WIDTH = 72;
  var runTable = {
    /** @type {TableColumn[]} */
    columns: [],
    /** @type {number[]} All runs as sorted. */
    order: [],
    /** @type {number[]} Those that match the filter. */
    matching: [],
    /** @type {Map<number, { run: number, row: HTMLTableRowElement }>} In the document, by index in `matching`. */
    rows: /* @__PURE__ */ new Map(),
    /** @type {number[] | null} The trials of `matching`, computed on demand. */
    trials: null,
    sorted: { column: -1, isDown: false }
  };
  atStart(() => {
    if (!document.getElementById("trials-table")) return;
    runTable.columns = tableColumns();
    runTable.order = firstOrder();
    selection.order = tableOrder;
    buildTable();
    filterTable();
    selection.onChange(tableChanged);
    byId("runs-csv").addEventListener("click", saveRuns);
    addEventListener("beforeprint", () => drawRows(MOST_PRINTED));
    addEventListener("afterprint", () => drawRows());
  });
  function tableOrder() {
    runTable.trials ??= [...new Set(runTable.matching.map((run) => store.runs.trial[run]))];
    return runTable.trials;
  }
  function tableColumns() {
    const { runs, study } = store;
    const parameters = store.columns.filter((it) => it.level === "trial" && it.name !== "origin");
    const origin = columnOf("origin");
    return [
      numbersOfRuns("trial", "trial", runs.trial, String),
      numbersOfRuns("seed", "seed", runs.seed, String),
      textsOfRuns("verdict", runs.outcome),
      textsOfRuns("stage", runs.stage),
      numbersOfRuns("score", "score", runs.score, fixed),
      numbersOfRuns("quality", "final_quality", runs.quality, fixed),
      numbersOfRuns(study.names.kernel, study.names.kernel, runs.kernel, numberText),
      numbersOfRuns(study.names.frechet, study.names.frechet, runs.frechet, numberText),
      ...origin ? [ofTrials(origin)] : [],
      ...parameters.map(ofTrials),
      { title: "what happened", file: STORY, isNumber: false, value: storyOf, text: storyOf }
    ];
  }
  function numbersOfRuns(title, file, values, text) {
    const value = (run) => values[run] ?? null;
    return { title, file, isNumber: true, value, text: (run) => text(values[run]) };
  }
  function textsOfRuns(title, values) {
    const value = (run) => values[run];
    return { title, file: title, isNumber: false, value, text: value };
  }
  function ofTrials(column) {
    const value = (run) => valueIn(column, run);
    const isNumber = column.kind === "number";
    const text = (run) => valueText(value(run));
    return { title: column.title, file: column.name, isNumber, value, text };
  }
  function storyOf(run) {
    const runs = store.runs;
    if (runs.error[run]) return runs.error[run];
    if (!runs.evidence[run]) return "";
    const onset = runs.onset[run];
    const sure = runs.confidence[run];
    const at = onset === null ? "" : `at ${imagesText(onset)} images: `;
    const confidence = sure === null ? "" : ` (confidence ${fixed(sure)})`;
    const flags = runs.flags[run].map(
      ([name, evidence]) => `flagged ${name}${evidence ? `: ${evidence}` : ""}`
    );
    const blind = runs.notJudged[run].map((reason) => `not judged: ${reason}`);
    return [at + runs.evidence[run] + confidence, ...flags, ...blind].join("; ");
  }
  function firstOrder() {
    const { trial, score } = store.runs;
    const isLeading = (run) => Number(trial[run] === store.study.leading);
    return trial.map((_, run) => run).sort((a, b) => isLeading(b) - isLeading(a) || (score[b] ?? -1) - (score[a] ?? -1) || a - b);
  }
  function sortTable(index) {
    const { sorted, columns, order } = runTable;
    const isDown = sorted.column === index ? !sorted.isDown : false;
    runTable.sorted = { column: index, isDown };
    const keys = store.runs.trial.map((_, run) => columns[index].value(run));
    const turn = isDown ? -1 : 1;
    order.sort((a, b) => compared(keys[a], keys[b], turn) || a - b);
    document.querySelectorAll("#runs-table thead th").forEach((header, i) => {
      const direction = isDown ? "descending" : "ascending";
      header.setAttribute("aria-sort", i === index ? direction : "none");
    });
    filterTable();
  }
  function compared(first, second, turn) {
    if (first === null || second === null) return Number(first === null) - Number(second === null);
    if (typeof first === "number" && typeof second === "number") return turn * (first - second);
    return turn * String(first).localeCompare(String(second));
  }
  function filterTable() {
    const mask = selection.runs;
    runTable.matching = mask ? runTable.order.filter((run) => mask[run]) : runTable.order;
    runTable.trials = null;
    const count = runTable.matching.length;
    byId("runs-count").textContent = `showing ${count.toLocaleString("en")} of ${counted(runTable.order.length, "run")}`;
    byId("runs-table").setAttribute("aria-rowcount", String(count + 1));
    byId("trials-table").scrollTop = 0;
    drawRows();
  }
  function tableChanged(isFiltered) {
    if (isFiltered) filterTable();
    showTrialRow();
    drawRows();
  }
  function showTrialRow() {
    const scroll = byId("trials-table");
    const index = runTable.matching.findIndex((run) => store.runs.trial[run] === selection.trial);
    if (index < 0) return;
    const [top, head] = [index * ROW_PIXELS, within(scroll, "thead").offsetHeight];
    const low = scroll.scrollTop;
    if (top >= low && top + ROW_PIXELS <= low + scroll.clientHeight - head) return;
    scroll.scrollTop = Math.max(0, top - (scroll.clientHeight - head) / 3);
  }
  function buildTable() {
    const scroll = byId("trials-table");
    scroll.replaceChildren(
      make(
        "table",
        { id: "runs-table", class: "run-table", "aria-labelledby": "runs-title" },
        columnWidths(),
        tableHead(),
        make("tbody", {}, gapRow(), gapRow())
      )
    );
    let isWaiting = false;
    const redraw = () => {
      isWaiting = false;
      drawRows();
    };
    const scrolled = () => {
      if (!isWaiting) requestAnimationFrame(redraw);
      isWaiting = true;
    };
    scroll.addEventListener("scroll", scrolled, { passive: true });
    scroll.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target !== scroll || selection.trial === null) return;
      byId("trial").scrollIntoView();
    });
  }
  function columnWidths() {
    const step = Math.max(1, Math.floor(runTable.order.length / 200));
    const sample = runTable.order.filter((_, i) => i % step === 0);
    const widths = runTable.columns.map((column) => {
      if (column.file === STORY) return STORY_WIDTH;
      const longest = Math.max(...sample.map((run) => column.text(run).length));
      const glyph = column.file === "verdict" ? 2 : 0;
      return Math.min(WIDEST, Math.max(longest + glyph, column.title.length + 2)) + 2.5;
    });
    return make(
      "colgroup",
      {},
      ...widths.map((width) => make("col", { style: `width:${width}ch` }))
    );
  }
  function tableHead() {
    const headers = runTable.columns.map((column, index) => {
      const title = `Sort by ${column.title}`;
      const button = make("button", { type: "button", title }, column.title);
      button.addEventListener("click", () => sortTable(index));
      const attributes = { "aria-sort": "none", class: column.isNumber ? "number" : null };
      return make("th", { scope: "col", ...attributes }, button);
    });
    return make("thead", {}, make("tr", { "aria-rowindex": 1 }, ...headers));
  }
  function drawRows(most = 0) {
    const scroll = byId("trials-table");
    const { matching } = runTable;
    const inSight = Math.ceil(scroll.clientHeight / ROW_PIXELS) + 2 * SPARE_ROWS;
    const first = Math.floor(scroll.scrollTop / ROW_PIXELS) - SPARE_ROWS;
    const start2 = most ? 0 : Math.max(0, Math.min(first, matching.length - inSight));
    const end = Math.min(matching.length, most || start2 + inSight);
    fillRows(within(scroll, "tbody"), start2, end);
    const [above, below] = scroll.querySelectorAll(".gap td");
    above.setAttribute("style", `height:${start2 * ROW_PIXELS}px`);
    below.setAttribute("style", `height:${(matching.length - end) * ROW_PIXELS}px`);
    byId("runs-printed").textContent = matching.length > end ? `Printed: the first ${end} of these runs. The CSV file has all of them.` : "";
  }
  function fillRows(body, start2, end) {
    const { rows, matching } = runTable;
    for (const [index, { run, row }] of rows) {
      if (index >= start2 && index < end && run === matching[index]) continue;
      row.remove();
      rows.delete(index);
    }
    let next = body.lastElementChild;
    for (let index = end - 1; index >= start2; index -= 1) {
      const run = matching[index];
      let row = rows.get(index)?.row;
      if (!row) {
        row = tableRow(run, index);
        rows.set(index, { run, row });
        next?.before(row);
      }
      next = row;
      if (store.runs.trial[run] === selection.trial) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  }
  function gapRow() {
    const cell = make("td", { colspan: runTable.columns.length });
    return make("tr", { "aria-hidden": "true", class: "gap" }, cell);
  }
  function tableRow(run, index) {
    const trial = store.runs.trial[run];
    const kind = trial === store.study.leading ? "leading" : null;
    const [first, ...others] = runTable.columns;
    const row = make(
      "tr",
      { "aria-rowindex": index + 2, class: kind },
      // Arrow keys step through the rows: thousands of tab stops would trap keyboard users.
      make(
        "th",
        { scope: "row" },
        make("a", { href: `#trial=${trial}`, tabindex: -1 }, first.text(run))
      ),
      ...others.map((column) => tableCell(column, run))
    );
    row.addEventListener("click", () => selection.set({ trial }));
    return row;
  }
  function tableCell(column, run) {
    const text = column.text(run);
    const glyph = column.file === "verdict" ? glyphOf(text) : null;
    const kind = column.isNumber ? "number" : column.file === STORY ? "story" : null;
    return make("td", { class: kind, title: text.length > WIDEST ? text : null }, glyph, text);
  }
  function saveRuns() {
    const { columns, matching } = runTable;
    const name = store.study.name.replace(/[^\w.-]+/g, "_");
    saveCsv(`${name}-runs.csv`, [
      columns.map((column) => column.file),
      ...matching.map((run) => columns.map((column) => column.value(run)))
    ]);
  }

  // ../sections/parameters/brushes.js
  var OPEN_END = 0.01;
  var SLOT_HALF = 0.4;
  var NONE_HALF = 0.02;
  function axisOf(panel, dimension) {
    return panel.stored.extra.axes.find(
      (axis) => axis.column === dimension.name
    );
  }
  function rangesOf(constraint) {
    if (!constraint) return [];
    return (
      /** @type {Range[]} */
      Array.isArray(constraint[0]) ? constraint : [constraint]
    );
  }
  function brushTerm(axis, constraint) {
    const ranges = rangesOf(constraint);
    const covers = (position) => ranges.some(([low2, high2]) => low2 <= position && position <= high2);
    const isAbsent = axis.missing !== null && covers(axis.missing);
    const name = shortPath(axis.column);
    if (axis.scale === "slots") {
      const chosen = axis.slots.filter((_, i) => covers(i)).map(quoted);
      if (isAbsent) chosen.push("none");
      return chosen.length ? `${name}=${chosen.join("|")}` : null;
    }
    if (!ranges.length) return null;
    const [low, high] = ranges[0];
    if (high < axis.low) return isAbsent ? `${name}=none` : null;
    const near = OPEN_END * (axis.high - axis.low);
    const first = low <= axis.low + near ? "" : endText(axis.scale, low);
    const last = high >= axis.high - near ? "" : endText(axis.scale, high);
    const isWhole = !first && !last && (axis.missing === null || isAbsent);
    return isWhole ? null : `${name}=${first}..${last}`;
  }
  function termOn(column) {
    const terms = splitTerms(selection.where).filter((term) => columnOfTerm(term) === column);
    return terms.length === 1 ? terms[0] : null;
  }
  function wantedConstraint(panel, dimension) {
    const axis = axisOf(panel, dimension);
    const term = termOn(axis.column);
    if (term === brushTerm(axis, dimension.constraintrange)) return void 0;
    return term === null ? null : termConstraint(axis, term);
  }
  function termConstraint(axis, term) {
    const value = term.slice(term.indexOf("=") + 1);
    const ends = splitRange(value);
    if (axis.scale !== "slots" && ends) {
      const low = positionOf(axis, ends[0], axis.low);
      const high = positionOf(axis, ends[1], axis.high);
      return Number.isFinite(low) && Number.isFinite(high) && low < high ? [low, high] : null;
    }
    const wanted = new Set(splitValues(value).map((text) => text.toLowerCase()));
    const positions2 = axis.slots.flatMap(
      (slot, i) => wanted.has(String(slot).toLowerCase()) ? [i] : []
    );
    if (wanted.has("none") && axis.missing !== null) positions2.unshift(axis.missing);
    const half = axis.scale === "slots" ? SLOT_HALF : NONE_HALF * (axis.high - axis.low);
    const ranges = positions2.map((at) => (
      /** @type {Range} */
      [at - half, at + half]
    ));
    if (!ranges.length) return null;
    return ranges.length === 1 ? ranges[0] : ranges;
  }
  function positionOf(axis, text, open) {
    if (text === "") return open;
    return axis.scale === "log10" ? Math.log10(Number(text)) : Number(text);
  }

  // ../sections/parameters/parallel.js
  var FOLLOW_MILLISECONDS = 400;
  var NEAR2 = "400px";
  var MANY_LINES = 200;
  var state = {
    /** @type {number[][]} The runs of each line. */
    groups: [],
    /** Columns whose axes have a brush. */
    constrained: /* @__PURE__ */ new Set(),
    isNear: false,
    /** Whether the brushes are older than the filter. */
    isLate: false,
    due: 0,
    /** How many of the lines match, in words beneath the figure. */
    count: make("p", { class: "note", role: "status" })
  };
  whenDrawn("parallel", (panel) => {
    connectParallel(panel);
    greyLines(panel).then(() => followFilter(panel));
  });
  function connectParallel(panel) {
    const { frame } = panel;
    state.groups = lineGroups(panel.stored.extra.runs);
    panel.element.append(state.count);
    frame.on("plotly_restyle", (event) => {
      const changed = Object.keys(event?.[0] ?? {});
      if (changed.length === 1 && changed[0].endsWith("constraintrange")) writeBrushes(panel);
      drawChosen(panel);
    });
    frame.on("plotly_afterplot", () => drawChosen(panel));
    connectLines(panel);
    selection.onChange((isFiltered) => {
      drawChosen(panel);
      if (isFiltered) followSoon(panel);
    });
    const grey = () => greyLines(panel);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", grey);
    const theme = { attributeFilter: ["data-theme"] };
    new MutationObserver(grey).observe(document.documentElement, theme);
    new IntersectionObserver(
      (entries) => {
        state.isNear = entries.at(-1)?.isIntersecting ?? false;
        if (state.isLate) followSoon(panel);
      },
      { rootMargin: NEAR2 }
    ).observe(panel.element);
  }
  function lineGroups(runs) {
    const { trial, outcome } = store.runs;
    return runs.map((run) => runsOf(trial[run]).filter((it) => outcome[it] === outcome[run]));
  }
  function followSoon(panel) {
    state.isLate = !state.isNear;
    clearTimeout(state.due);
    if (!state.isLate) state.due = setTimeout(() => followFilter(panel), FOLLOW_MILLISECONDS);
  }
  async function followFilter(panel) {
    const update = {};
    dimensionsOf(panel).forEach((dimension, i) => {
      if (!dimension.constraintrange) return;
      const wanted = wantedConstraint(panel, dimension);
      if (wanted !== void 0) update[`dimensions[${i}].constraintrange`] = [wanted];
    });
    if (Object.keys(update).length) await Plotly.restyle(panel.frame, update, [0]);
    state.constrained = constrainedColumns(panel);
  }
  function dimensionsOf(panel) {
    return panel.frame.data[0].dimensions;
  }
  function writeBrushes(panel) {
    const terms = [];
    const freed = [];
    for (const dimension of dimensionsOf(panel)) {
      const axis = axisOf(panel, dimension);
      const term = brushTerm(axis, dimension.constraintrange);
      if (term === termOn(axis.column)) continue;
      if (term) terms.push(term);
      else if (!dimension.constraintrange && state.constrained.has(axis.column)) {
        freed.push(axis.column);
      }
    }
    state.constrained = constrainedColumns(panel);
    selection.set({ where: withTerms(withoutColumns(selection.where, freed), terms) });
  }
  function constrainedColumns(panel) {
    const brushed = dimensionsOf(panel).filter((it) => it.constraintrange);
    return new Set(brushed.map((it) => it.name));
  }
  function drawChosen(panel) {
    const size = panel.frame._fullLayout?._size;
    if (!size) return;
    const layer = panel.overlay ?? newLayer(panel);
    panel.frame.querySelector(".gl-container")?.append(layer);
    panel.frame.toggleAttribute("data-brushed", selection.runs !== null);
    layer.replaceChildren(
      ...matchedLines(panel, size),
      filterRanges(panel, size),
      selectedLines(panel, size)
    );
    showCount();
  }
  function matchedLines(panel, size) {
    const mask = selection.runs;
    if (mask === null) return [];
    const { outcomes, of } = panel.stored.extra;
    const paths = outcomes.map(() => []);
    const along = dimensionsOf(panel).map((dimension) => sharesAlong(panel, dimension));
    state.groups.forEach((group, line) => {
      if (!group.some((run) => mask[run])) return;
      const shares = along.map((ofLine) => ofLine[line]);
      paths[of[line] - 1].push(lineAcross(shares, size));
    });
    return outcomes.map((outcome, i) => {
      const style = `color:${store.outcomes[outcome].colour}`;
      const group = shape("g", { class: "matched", style });
      if (paths[i].length) group.append(shape("path", { class: "line", d: paths[i].join("") }));
      return group;
    });
  }
  function filterRanges(panel, { l, t, w, h }) {
    const group = shape("g", { class: "ranges" });
    const dimensions = dimensionsOf(panel);
    dimensions.forEach((dimension, i) => {
      const axis = axisOf(panel, dimension);
      const term = dimension.constraintrange ? null : termOn(axis.column);
      if (term === null) return;
      const x = l + w * i / Math.max(1, dimensions.length - 1) - 3;
      for (const ends of rangesOf(termConstraint(axis, term))) {
        const [below, y] = ends.map((end) => t + h * (1 - shareOf(dimension, end)));
        const height = Math.max(2, below - y);
        group.append(shape("rect", { x, y, width: 6, height }));
      }
    });
    return group;
  }
  function selectedLines(panel, size) {
    const runs = selection.trial === null ? [] : runsOf(selection.trial);
    const ends = /* @__PURE__ */ new Map();
    for (const run of runs) {
      if (!ends.has(store.runs.outcome[run])) ends.set(store.runs.outcome[run], run);
    }
    const group = shape("g", { class: "selected" });
    for (const run of ends.values()) {
      const shares = dimensionsOf(panel).map((dimension) => shareAlong(panel, dimension, run));
      group.append(shape("path", { class: "line", d: lineAcross(shares, size) }));
    }
    return group;
  }
  function lineAcross(shares, { l, t, w, h }) {
    const across = w / Math.max(1, shares.length - 1);
    const points = shares.map(
      (share, i) => `${(l + across * i).toFixed(1)},${(t + h * (1 - share)).toFixed(1)}`
    );
    return `M${points.join("L")}`;
  }
  function shareOf({ range: [low, high] }, position) {
    return Math.max(0, Math.min(1, (position - low) / (high - low)));
  }
  function sharesAlong(panel, dimension) {
    const full = panel.frame._fullData?.[0].dimensions;
    const drawn = full.find(({ name }) => name === dimension.name);
    const [low, high] = dimension.range;
    return Array.from(drawn.values, (position) => (position - low) / (high - low));
  }
  function shareAlong(panel, dimension, run) {
    const axis = axisOf(panel, dimension);
    const column = columnOf(axis.column);
    const value = column ? valueIn(column, run) : null;
    if (value === null) return shareOf(dimension, axis.missing ?? dimension.range[0]);
    if (axis.scale === "slots") {
      const slot = axis.slots.findIndex((name) => String(name) === String(value));
      return shareOf(dimension, slot);
    }
    return shareOf(dimension, axis.scale === "log10" ? Math.log10(Number(value)) : Number(value));
  }
  function showCount() {
    const mask = selection.runs;
    const { groups, count } = state;
    const matching = groups.filter((group) => group.some((run) => mask?.[run])).length;
    const [some, all] = [matching, groups.length].map((it) => it.toLocaleString("en"));
    count.textContent = mask ? `${some} of the ${all} lines drawn match the filter.` : "";
  }
  function greyLines(panel) {
    const style = getComputedStyle(panel.frame);
    const [rule, muted] = ["--rule", "--muted"].map((it) => style.getPropertyValue(it).trim());
    const share = panel.stored.extra.runs.length < MANY_LINES ? 0.75 : 0.3;
    return Plotly.restyle(panel.frame, { "line.color": blended(rule, muted, share) }, [0]);
  }
  function blended(first, second, share) {
    const parts = (hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
    const [from, to] = [parts(first), parts(second)];
    return `rgb(${from.map((value, i) => Math.round(value + share * (to[i] - value))).join(",")})`;
  }
  function connectLines({ frame, stored }) {
    let under = null;
    frame.on("plotly_hover", (event) => {
      under = stored.extra.runs[event.curveNumber] ?? null;
      if (under !== null) showCard(under, event);
    });
    frame.on("plotly_unhover", () => {
      under = null;
      hideCard();
    });
    frame.addEventListener("click", () => {
      if (under !== null) selection.set({ trial: store.runs.trial[under] });
    });
  }

  // ../sections/trial/classes.js
  var MOST_CLASSES = 30;
  var LOST_SHARE = 0.1;
  var CLASS_SHARE = /^class_share_(\d+)$/;
  function isClassShare(name) {
    return CLASS_SHARE.test(name);
  }
  async function classCoverage(run) {
    const title = make("h4", {}, "Class coverage");
    const real = store.study.realShares;
    const names = store.metrics.map(({ name }) => name).filter(isClassShare);
    const curves2 = await Promise.all(names.map(curve));
    const last = store.first[run + 1] - 1;
    const hasRows = last >= store.first[run];
    const shares = /* @__PURE__ */ new Map();
    names.forEach((name, i) => {
      const share = hasRows ? curves2[i]?.[last] : void 0;
      shares.set(Number(name.match(CLASS_SHARE)?.[1]), share ?? NaN);
    });
    if (real && [...shares.values()].some(Number.isFinite)) {
      return [title, ...classList(run, real, shares)];
    }
    const note = names.length && real ? "The class shares of this run are not on this page; its evaluations.jsonl has them." : "The record of this study holds no class shares.";
    return [title, make("p", { class: "note" }, note)];
  }
  function classList(run, real, shares) {
    const rows = real.map((share, i) => ({ i, real: share, generated: shares.get(i) ?? 0 }));
    const gap = (row) => Math.abs(row.generated - row.real);
    const furthest = new Set([...rows].sort((a, b) => gap(b) - gap(a)).slice(0, MOST_CLASSES));
    const largest = rows.filter((row) => furthest.has(row));
    const top = Math.max(...rows.flatMap((row) => [row.real, row.generated]));
    const part = largest.length < rows.length ? ` Showing the ${largest.length} of ${rows.length} classes with the largest differences.` : "";
    const note = `Seed ${store.runs.seed[run]} at its last evaluation, by the extractor's classifier. Ring: real images; dot: generated. ${rows.filter(isLost).length} of ${rows.length} classes have less than a tenth of their real share.${part}`;
    return [
      make("p", { class: "note" }, note),
      make("ul", { class: "classes" }, ...largest.map((row) => classRow(row, top)))
    ];
  }
  function isLost({ real, generated }) {
    return generated < LOST_SHARE * real;
  }
  function classRow(row, top) {
    const { i, real, generated } = row;
    const percent = (share) => `${(100 * share).toFixed(1)}%`;
    const at = (share) => (100 * share / top).toFixed(2);
    const [low, high] = [Math.min(real, generated), Math.max(real, generated)];
    const shares = `${percent(generated)}, real ${percent(real)}${isLost(row) ? ": lost" : ""}`;
    return make(
      "li",
      { class: isLost(row) ? "lost" : null },
      make("span", { class: "class-name" }, store.study.classes[i] ?? `class ${i}`),
      make(
        "span",
        { class: "pair", "aria-hidden": "true" },
        make("i", { style: `left:${at(low)}%;width:${at(high - low)}%` }),
        make("b", { class: "real", style: `left:${at(real)}%` }),
        make("b", { class: "made", style: `left:${at(generated)}%` })
      ),
      make("span", { class: "class-shares" }, shares)
    );
  }

  // ../sections/trial/configuration.js
  function configuration(trial, { sampled, families }) {
    const overrides = store.trials.overrides[trialIndex(trial) ?? -1] ?? {};
    const isSampled = (path) => sampled.includes(path);
    const paths = Object.keys(overrides).sort(
      (a, b) => Number(isSampled(b)) - Number(isSampled(a)) || a.localeCompare(b)
    );
    const row = (path) => [
      path,
      JSON.stringify(overrides[path]),
      JSON.stringify(settingAt(store.base, path)) ?? "–",
      isSampled(path) ? "sampled" : "follows from it"
    ];
    const familyOf = (path) => families.of[path.split(".")[0]] ?? families.other;
    const groups = [.../* @__PURE__ */ new Set([...Object.values(families.of), families.other])].map(
      (family) => (
        /** @type {const} */
        [
          family,
          paths.filter((path) => familyOf(path) === family).map(row)
        ]
      )
    ).filter(([, rows]) => rows.length);
    const same = sampled.filter((path) => !(path in overrides));
    return make(
      "div",
      { class: "configuration" },
      make("h4", {}, "Configuration"),
      groups.length ? differences(groups) : null,
      make(
        "p",
        { class: "note" },
        "Above: the differences from the study's base configuration. Below: the whole configuration. ",
        ...same.length ? ["Sampled, but as in the base or on a branch not taken: ", ...asCode(same), "."] : []
      ),
      configurationText(overrides)
    );
  }
  function differences(groups) {
    const head = ["", "this trial", "base", ""].map((title) => make("th", { scope: "col" }, title));
    const line = ([path, ...cells]) => make(
      "tr",
      {},
      make("th", { scope: "row" }, path),
      ...cells.map((cell) => make("td", {}, cell))
    );
    const bodies = groups.map(
      ([family, rows]) => make(
        "tbody",
        {},
        groups.length > 1 ? make(
          "tr",
          { class: "family" },
          make("th", { scope: "rowgroup", colspan: head.length }, family)
        ) : null,
        ...rows.map(line)
      )
    );
    return make(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Differences from the base" },
      make("table", {}, make("thead", {}, make("tr", {}, ...head)), ...bodies)
    );
  }
  function asCode(names) {
    return names.flatMap((name, i) => [i ? ", " : "", make("code", {}, name)]);
  }
  function configurationText(overrides) {
    const whole = structuredClone(store.base);
    for (const [path, value] of Object.entries(overrides)) setAt(whole, path.split("."), value);
    const code = make("code", {}, ...jsonPieces(whole, overrides));
    return make(
      "div",
      { class: "command" },
      make("pre", { tabindex: 0 }, code),
      make("button", { type: "button", class: "copy" }, "copy")
    );
  }
  function setAt(config, [first, ...rest], value) {
    if (!rest.length) {
      config[first] = value;
      return;
    }
    if (!Object.hasOwn(config, first)) config[first] = {};
    setAt(
      /** @type {Config} */
      config[first],
      rest,
      value
    );
  }
  function jsonPieces(node, overrides, prefix = "", indent = "") {
    const inner = `${indent}  `;
    const entries = Object.entries(node);
    const pieces = entries.flatMap(([key, value], i) => {
      const path = prefix + key;
      const comma = i < entries.length - 1 ? ",\n" : "\n";
      const start2 = `${inner}${JSON.stringify(key)}: `;
      if (value !== null && typeof value === "object" && !Array.isArray(value)) {
        return [start2, ...jsonPieces(value, overrides, `${path}.`, inner), comma];
      }
      const line = start2 + JSON.stringify(value);
      return [path in overrides ? make("mark", {}, line) : line, comma];
    });
    return ["{\n", ...pieces, `${indent}}`];
  }

  // multiples.js
  var CHART = { width: 180, height: 96, side: 5, top: 6, bottom: 6 };
  function curveOf(run, images, values) {
    if (!values) return [];
    const [first, last] = [store.first[run], store.first[run + 1]];
    return Array.from({ length: last - first }, (_, i) => [images[first + i], values[first + i]]);
  }
  function rangeOf(lines, fixed2) {
    if (fixed2) return { low: fixed2[0], high: fixed2[1], log: false };
    const alive = lines.flatMap(
      ({ points, onset }) => points.filter(([x, y]) => Number.isFinite(y) && (onset === null || x < onset))
    );
    const usable = alive.length ? alive : lines.flatMap(({ points }) => points.filter(([, y]) => Number.isFinite(y)));
    if (!usable.length) return null;
    const low = Math.min(...usable.map(([, y]) => y));
    const high = Math.max(...usable.map(([, y]) => y));
    return { low, high, log: low > 0 && high / low > store.study.logFrom };
  }
  function scalesOf(range, budget, box) {
    const at = range.log ? Math.log : (y) => y;
    const [low, high] = [at(range.low), at(range.high)];
    const room = box.height - box.top - box.bottom;
    const share = (y) => {
      if (high <= low) return 0.5;
      return (at(range.log ? Math.max(y, range.low) : y) - low) / (high - low);
    };
    return {
      x: (images) => box.side + (box.width - 2 * box.side) * Math.min(1, images / budget),
      y: (y) => box.top + room * (1 - Math.max(0, Math.min(1, share(y))))
    };
  }
  function pathOf(points, scales) {
    let path = "";
    let pen = "M";
    for (const [images, value] of points) {
      if (!Number.isFinite(value)) {
        pen = "M";
        continue;
      }
      path += `${pen}${scales.x(images).toFixed(1)} ${scales.y(value).toFixed(1)}`;
      pen = "L";
    }
    return path;
  }
  function onsetMark({ points, onset, outcome }, scales) {
    if (onset === null || !store.outcomes[outcome].fails) return [];
    const last = points.filter(([x2, y2]) => x2 <= onset && Number.isFinite(y2)).at(-1);
    if (!last) return [];
    const [x, y] = [scales.x(onset), scales.y(last[1])];
    return [
      shape("path", {
        d: store.outcomes[outcome].path,
        fill: store.outcomes[outcome].colour,
        transform: `translate(${(x - 5).toFixed(1)} ${(y - 5).toFixed(1)}) scale(.625)`
      })
    ];
  }
  function smallChart(name, lines, options = {}) {
    const { chosen = null, fixed: fixed2 = null, baseline = null, box = CHART } = options;
    const range = rangeOf(lines, fixed2);
    if (!range) return null;
    const furthest = Math.max(...lines.flatMap(({ points }) => points.map(([x]) => x)), 1);
    const budget = store.study.budget ?? furthest;
    const scales = scalesOf(range, budget, box);
    const ordered = [...lines].sort((a, b) => Number(a.run === chosen) - Number(b.run === chosen));
    const paths = ordered.map(
      (line) => shape("path", {
        d: pathOf(line.points, scales),
        stroke: store.outcomes[line.outcome].colour,
        class: line.run === chosen || lines.length === 1 ? "line chosen" : "line"
      })
    );
    const about = `${name}: ${counted(lines.length, "run")}, axis from ${numberText(range.low)} to ${numberText(range.high)}${range.log ? ", logarithmic" : ""}`;
    const svg = shape("svg", {
      viewBox: `0 0 ${box.width} ${box.height}`,
      role: "img",
      "aria-label": about,
      class: "chart"
    });
    if (baseline !== null && baseline >= range.low && baseline <= range.high) {
      const y = scales.y(baseline);
      const ends = { x1: box.side, x2: box.width - box.side, y1: y, y2: y };
      svg.append(shape("line", { class: "baseline", ...ends }));
    }
    svg.append(...paths, ...ordered.flatMap((line) => onsetMark(line, scales)));
    return { range, svg };
  }
  function leftOut(lines, range) {
    const values = lines.flatMap(({ points }) => points.map(([, y]) => y));
    const outside = values.filter((y) => y < range.low || y > range.high).length;
    const infinite = values.filter((y) => !Number.isNaN(y) && !Number.isFinite(y)).length;
    const parts = [];
    if (outside > infinite) parts.push(`${outside - infinite} outside`);
    if (infinite) parts.push(`${infinite} infinite`);
    return parts.join(", ");
  }
  function multiple(name, lines, options = {}) {
    const chart = smallChart(name, lines, options);
    if (!chart) return null;
    const { low, high, log } = chart.range;
    const note = [log ? "log" : "", leftOut(lines, chart.range)].filter(Boolean).join(", ");
    return make(
      "figure",
      { class: "multiple" },
      make("figcaption", {}, make("b", {}, name), note ? make("small", {}, note) : null),
      make(
        "div",
        { class: "plot" },
        make(
          "div",
          { class: "axis-ends" },
          make("span", {}, numberText(high)),
          make("span", {}, numberText(low))
        ),
        chart.svg
      )
    );
  }

  // ../sections/trial/pictures.js
  function picture(key, alt) {
    const src = store.pictures[key];
    return src ? make("img", { src, alt, decoding: "async" }) : null;
  }
  function folderOf(run) {
    const { trial, seed } = store.runs;
    return `trials/${String(trial[run]).padStart(4, "0")}/seed-${seed[run]}/`;
  }
  function filmstrip(run) {
    const seed = store.runs.seed[run];
    const outcome = store.runs.outcome[run];
    const title = make("h4", {}, `Seed ${seed} over time, the same latent codes`);
    const frames = store.filmstrips[run] ?? [];
    if (!frames.length) {
      const folder = make("code", {}, `${folderOf(run)}samples/`);
      const note = "This page has no sample grid of this run. The grids that were kept are in ";
      return make(
        "div",
        {},
        title,
        make("p", { class: "note" }, note, folder, " of the study's folder.")
      );
    }
    const onset = store.outcomes[outcome].fails ? store.runs.onset[run] : null;
    const figures = frames.map(({ images, key }) => {
      const isLate = onset !== null && images >= onset;
      const when = `${imagesText(images)} images`;
      return make(
        "figure",
        { class: isLate ? "late" : null },
        picture(key, `Samples of seed ${seed} at ${when}`),
        make("figcaption", {}, isLate ? glyphOf(outcome) : null, when)
      );
    });
    const strip = {
      class: "strip film",
      tabindex: 0,
      role: "region",
      "aria-label": `Samples of seed ${seed} over time`
    };
    return make("div", {}, title, make("div", strip, ...figures));
  }
  function neighbours(run) {
    const title = make("h4", {}, "Nearest training images");
    const grid = store.neighbours[run];
    if (!grid) {
      const files = make("code", {}, `${folderOf(run)}samples/neighbours-*.webp`);
      const note = "This page has none for this run. Where the record has them, they are ";
      return make("div", {}, title, make("p", { class: "note" }, note, files, "."));
    }
    const caption = "Rows in pairs: the generated images that look most like copies, and under each the training image nearest to it";
    return make(
      "div",
      {},
      title,
      make(
        "figure",
        { class: "neighbours" },
        picture(grid.key, caption),
        make("figcaption", {}, `${caption}; after ${imagesText(grid.images)} images.`)
      )
    );
  }

  // ../sections/trial/measurements.js
  var SPARK = { width: 180, height: 44, side: 6, top: 5, bottom: 5 };
  var OF_ONE_LAYER = /_\d+$/;
  var QUALITY_AXIS = [0, 1];
  function linesOf(runs, images, values) {
    return runs.map((run) => ({
      run,
      points: curveOf(run, images, values),
      onset: store.runs.onset[run],
      outcome: store.runs.outcome[run]
    }));
  }
  function sparkline(line) {
    return smallChart("quality", [line], { fixed: QUALITY_AXIS, box: SPARK })?.svg;
  }
  async function measurements(runs, chosen, images) {
    const all = store.metrics.filter(({ name }) => name !== "images_seen" && !isClassShare(name));
    const isSignal = ({ name }) => name.startsWith("signal_");
    const isSchedule = ({ name }) => name.startsWith("scheduled_");
    const ofLayers = all.filter((it) => isSignal(it) && OF_ONE_LAYER.test(it.name));
    const signals = all.filter((it) => isSignal(it) && !OF_ONE_LAYER.test(it.name));
    const schedules = all.filter(isSchedule);
    const metrics = all.filter((it) => !isSignal(it) && !isSchedule(it));
    const [measured, signalled, scheduled] = await Promise.all(
      [metrics, signals, schedules].map((group) => multiplesOf(group, runs, chosen, images))
    );
    const note = `Over images seen, 0 to ${imagesText(store.study.budget)}. Bold: the chosen seed. Dotted: real images. A failure is marked where it began; axes are scaled to the values before it.`;
    const parts = [
      make("h4", {}, "What was measured, seed by seed"),
      make("p", { class: "note" }, note),
      make("div", { class: "multiples" }, ...measured.charts)
    ];
    if (signalled.charts.length) {
      parts.push(
        make("h4", {}, "Signals of training"),
        make("div", { class: "multiples" }, ...signalled.charts)
      );
    }
    if (scheduled.charts.length) {
      parts.push(
        make("h4", {}, "Settings with a schedule"),
        make("div", { class: "multiples" }, ...scheduled.charts)
      );
    }
    const missing = [...measured.missing, ...signalled.missing];
    if (missing.length) {
      const file = make("code", {}, `${folderOf(runs[0])}evaluations.jsonl`);
      const text = `Not on this page for this trial: ${missing.join(", ")}; see `;
      parts.push(make("p", { class: "note" }, text, file, "."));
    }
    if (ofLayers.length) parts.push(layerSignals(ofLayers, runs, chosen, images));
    return parts;
  }
  async function multiplesOf(metrics, runs, chosen, images) {
    const values = await Promise.all(metrics.map(({ name }) => curve(name)));
    const charts = [];
    const missing = [];
    metrics.forEach(({ name, title }, i) => {
      const chart = multiple(title, linesOf(runs, images, values[i]), {
        chosen,
        fixed: name === "quality" ? QUALITY_AXIS : null,
        baseline: store.study.baseline[name] ?? null
      });
      if (chart) charts.push(chart);
      else missing.push(title);
    });
    return { charts, missing };
  }
  function layerSignals(layers, runs, chosen, images) {
    const grid = make("div", { class: "multiples" });
    const summary = make("summary", {}, `${layers.length} signals of single layers`);
    const details = make("details", {}, summary, grid);
    const fill = async () => {
      const { charts } = await multiplesOf(layers, runs, chosen, images);
      grid.replaceChildren(...charts.length ? charts : ["Not on this page for this trial."]);
    };
    details.addEventListener("toggle", fill, { once: true });
    return details;
  }

  // ../sections/trial/closeup.js
  var NEAR3 = "600px";
  var closeup = {
    /** @type {HTMLElement | null} */
    element: null,
    /** @type {Roles} */
    roles: {
      recommended: null,
      finalists: [],
      pareto: [],
      families: { of: {}, other: "" },
      sampled: [],
      shown: []
    },
    /** @type {number | null} */
    trial: null,
    /** @type {number | null} The run in bold. */
    run: null,
    /** Counts drawings, so that one that finishes late is dropped. */
    turn: 0,
    isNear: false
  };
  atStart(() => {
    const element = document.getElementById("closeup");
    if (!element) return;
    closeup.element = element;
    closeup.roles = JSON.parse(byId("closeup-data").textContent ?? "");
    selection.onChange(showSoon);
    new IntersectionObserver(
      (entries) => {
        closeup.isNear = entries.at(-1)?.isIntersecting ?? false;
        if (closeup.isNear) showTrial();
      },
      { rootMargin: NEAR3 }
    ).observe(element);
    document.addEventListener("click", (event) => {
      if (around(event, "a[href^='#trial-'], a[href^='#trial=']")) element.scrollIntoView();
    });
    showSoon();
  });
  function showSoon() {
    if (closeup.isNear) showTrial();
    else (window.requestIdleCallback ?? setTimeout)(showTrial);
  }
  function showTrial() {
    const trial = selection.trial ?? store.study.leading ?? store.runs.trial[0];
    if (trial === closeup.trial) return;
    const runs = runsOf(trial);
    closeup.trial = trial;
    closeup.run = runs.find((run) => closeup.roles.shown.includes(run)) ?? runs.find((run) => store.filmstrips[run]?.length) ?? runs[0] ?? null;
    drawCloseup(trial);
  }
  async function drawCloseup(trial) {
    const { element, run } = closeup;
    if (!element) return;
    closeup.turn += 1;
    const turn = closeup.turn;
    const runs = runsOf(trial);
    const [images, quality] = await Promise.all([curve("images_seen"), curve("quality")]);
    if (turn !== closeup.turn) return;
    const lines = images && quality ? linesOf(runs, images, quality) : [];
    const measured = make("div", { class: "multiples-place" });
    const classes = make("div", { class: "classes-place" });
    const focused = element.contains(document.activeElement) ? document.activeElement?.id : "";
    element.replaceChildren(
      trialHead(trial, runs),
      runs.length ? make("ul", { class: "seeds" }, ...runs.map((it, i) => seedCard(it, lines[i]))) : make("p", { class: "empty" }, "This trial has no run yet."),
      ...run === null || store.base.trainer ? [] : [exploring(run)],
      ...run === null ? [] : [filmstrip(run), neighbours(run)],
      measured,
      classes,
      configuration(trial, closeup.roles)
    );
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    if (!images || run === null || !runs.some((it) => store.first[it + 1] > store.first[it])) {
      measured.append(make("p", { class: "empty" }, "No evaluation yet."));
      return;
    }
    const charts = await measurements(runs, run, images);
    if (turn !== closeup.turn) return;
    measured.append(...charts);
    const coverage = await classCoverage(run);
    if (turn === closeup.turn) classes.replaceChildren(...coverage);
  }
  function trialHead(trial, runs) {
    const { recommended, finalists, pareto } = closeup.roles;
    const stable = runs.filter((run) => store.runs.outcome[run] === "stable").length;
    const roles = [];
    if (trial === recommended) roles.push("recommended");
    if (recommended === null && trial === store.study.leading) roles.push("leading");
    if (trial !== recommended && finalists.includes(trial)) roles.push("finalist");
    if (pareto.includes(trial)) roles.push("in the Pareto set");
    const origin = store.trials.origin[trialIndex(trial) ?? -1];
    return make(
      "div",
      { class: "closeup-head" },
      make("h3", { id: "closeup-title" }, `Trial ${trial}`),
      ...roles.map((role) => make("span", { class: "role" }, role)),
      make("span", { class: "origin" }, `origin ${origin}`),
      make("span", { class: "tally" }, `${stable} of ${counted(runs.length, "run")} stable`),
      make(
        "span",
        { class: "steps" },
        stepButton(-1, "closeup-previous", "‹ previous"),
        stepButton(1, "closeup-next", "next ›")
      )
    );
  }
  function stepButton(by, identity, label) {
    const button = make("button", { type: "button", id: identity }, label);
    button.addEventListener("click", () => selection.step(by, closeup.trial));
    return button;
  }
  function exploring(run) {
    const isRemote = store.study.folder.includes("://");
    const folder = isRemote ? folderOf(run) : folderOf(run).replace(/seed-\d+\/$/, "");
    const line = `python -m lab.explore ${store.study.folder}/${folder.slice(0, -1)}`;
    return make(
      "div",
      {},
      make("h4", {}, "Draw from its generators, on a page of your machine"),
      make(
        "div",
        { class: "command" },
        make("pre", {}, make("code", {}, line)),
        make("button", { type: "button", class: "copy", "aria-label": "Copy the command" }, "copy")
      )
    );
  }
  function seedCard(run, line) {
    const of = store.runs;
    const isChosen = run === closeup.run;
    const seed = of.seed[run];
    const button = make(
      "button",
      { type: "button", "aria-pressed": String(isChosen), id: `closeup-seed-${seed}` },
      glyphOf(of.outcome[run]),
      `seed ${seed}`
    );
    button.addEventListener("click", () => {
      closeup.run = run;
      drawCloseup(of.trial[run]);
    });
    const last = store.filmstrips[run]?.at(-1);
    return make(
      "li",
      { class: isChosen ? "chosen" : null },
      make("div", { class: "seed-name" }, button, make("span", {}, of.stage[run])),
      last && picture(last.key, `Last samples of seed ${seed}`),
      line && sparkline(line),
      seedFacts(run),
      ...seedStory(run)
    );
  }
  function seedFacts(run) {
    const of = store.runs;
    const facts = [
      ["verdict", of.outcome[run]],
      ["quality", numberText(of.quality[run])],
      [store.study.names.kernel, numberText(of.kernel[run])],
      ["score", numberText(of.score[run])]
    ];
    if (store.outcomes[of.outcome[run]].fails && of.onset[run] !== null) {
      facts.push(["onset", `${imagesText(of.onset[run])} images`]);
    }
    if (of.confidence[run] !== null) facts.push(["confidence", fixed(of.confidence[run])]);
    if (of.attempts[run] > 1) facts.push(["attempts", String(of.attempts[run])]);
    const pairs = facts.map(
      ([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))
    );
    return make("dl", {}, ...pairs);
  }
  function seedStory(run) {
    const of = store.runs;
    const lines = [];
    if (of.error[run]) lines.push(["error", of.error[run]]);
    if (of.evidence[run]) lines.push(["evidence", of.evidence[run]]);
    for (const [name, evidence] of of.flags[run]) {
      lines.push(["flag", evidence ? `flagged ${name}: ${evidence}` : `flagged ${name}`]);
    }
    for (const reason of of.notJudged[run]) lines.push(["blind", `not judged: ${reason}`]);
    return lines.map(([kind, text]) => make("p", { class: kind }, text));
  }

  // address.js
  function readAddress() {
    const fragment = location.hash.slice(1);
    const trialLink = fragment.match(/^trial-(\d+)$/);
    const pairs = new URLSearchParams(fragment);
    const trial = Number(trialLink ? trialLink[1] : pairs.get("trial") ?? NaN);
    return {
      isSection: !trialLink && !fragment.includes("="),
      trial: trialIndex(trial) === void 0 ? null : trial,
      where: pairs.get("where") ?? ""
    };
  }
  function followAddress() {
    const { isSection, trial, where } = readAddress();
    if (isSection && location.hash.length > 1) return;
    if (trial !== selection.trial || where !== selection.where) selection.take(trial, where);
  }
  function connectAddress() {
    const { isSection, trial, where } = readAddress();
    if (!isSection) selection.take(trial, where);
    addEventListener("popstate", followAddress);
    addEventListener("hashchange", followAddress);
    document.addEventListener("click", followLink);
    if (trial !== null) keepInSight("trial");
    else if (isSection && location.hash.length > 1) keepInSight(location.hash.slice(1));
  }
  function followLink(event) {
    const link = around(event, 'a[href^="#"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const fragment = (link.getAttribute("href") ?? "").slice(1);
    const [, trial] = fragment.match(/^trial-(\d+)$/) ?? [];
    const target = document.getElementById(trial ? "trial" : fragment);
    const hasSelection = selection.trial !== null || selection.where !== "";
    if (!target || !(trial || hasSelection)) return;
    event.preventDefault();
    if (trial) selection.set({ trial: Number(trial) });
    target.scrollIntoView();
  }
  function keepInSight(identity) {
    const target = document.getElementById(identity);
    if (!target) return;
    let hasMoved = false;
    const move = () => {
      hasMoved = true;
    };
    for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
      addEventListener(kind, move, { once: true, passive: true });
    }
    const look = () => {
      if (!hasMoved) target.scrollIntoView({ behavior: "instant" });
    };
    look();
    document.addEventListener("complete", look, { once: true });
  }

  // document.js
  var dark = matchMedia("(prefers-color-scheme: dark)");
  function connectDocument() {
    connectTheme();
    connectAge();
    document.addEventListener("click", (event) => {
      const button = around(event, ".copy");
      if (button) copyText(button);
    });
  }
  async function copyText(button) {
    const code = within(button.parentElement ?? document, "code, pre");
    try {
      await navigator.clipboard.writeText(code.textContent ?? "");
      button.textContent = "copied";
    } catch {
      getSelection()?.selectAllChildren(code);
      button.textContent = "selected";
    }
    setTimeout(() => {
      button.textContent = "copy";
    }, 1500);
  }
  function connectTheme() {
    const button = document.getElementById("theme");
    if (!button) return;
    const root = document.documentElement;
    const isDark = () => root.dataset.theme === "dark" || !root.dataset.theme && dark.matches;
    const show = () => {
      button.textContent = isDark() ? "Light" : "Dark";
      button.setAttribute("aria-pressed", String(isDark()));
    };
    button.addEventListener("click", () => {
      const theme = isDark() ? "light" : "dark";
      root.dataset.theme = theme;
      try {
        localStorage.setItem("lab-theme", theme);
      } catch {
      }
      show();
    });
    dark.addEventListener("change", show);
    show();
  }
  function connectAge() {
    const element = document.getElementById("age");
    if (!element) return;
    const made = new Date(element.dataset.made ?? "").getTime();
    const show = () => {
      const minutes = Math.max(0, Math.round((Date.now() - made) / 6e4));
      element.textContent = minutes ? `${ageText(minutes)} ago` : "just now";
    };
    show();
    setInterval(show, 3e4);
  }
  function ageText(minutes) {
    if (minutes < 120) return counted(minutes, "minute");
    if (minutes < 2880) return counted(Math.round(minutes / 60), "hour");
    return counted(Math.round(minutes / 1440), "day");
  }
  function showPictures() {
    for (const image of document.querySelectorAll("img[data-picture]:not([src])")) {
      image.setAttribute("src", store.pictures[image.getAttribute("data-picture") ?? ""]);
    }
  }

  // main.js
  async function start() {
    connectDocument();
    if (document.getElementById("store")) await startStudy();
    else connectPanels();
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    await Promise.all(panels.filter((panel) => panel.visible).map(drawPanel));
    document.documentElement.dataset.ready = "true";
    addEventListener("beforeprint", () => {
      for (const frame of document.querySelectorAll(".js-plotly-plot")) {
        Plotly.Plots.resize(
          /** @type {HTMLElement} */
          frame
        );
      }
    });
    drawTheRest();
  }
  async function startStudy() {
    await readStore();
    showPictures();
    connectPanels();
    connectFilter();
    connectKeys();
    startSections();
    connectAddress();
  }
  start();
  return __toCommonJS(main_exports);
})();
