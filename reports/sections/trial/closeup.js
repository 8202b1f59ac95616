// A trial, close up: its seeds side by side, their samples and measurements, its configuration.

import { around, byId, make } from "../../browser/elements.js";
import { glyphOf } from "../../browser/glyph.js";
import { selection } from "../../browser/selection.js";
import { atStart } from "../../browser/start.js";
import { curve, runsOf, store, trialIndex } from "../../browser/store.js";
import { counted, fixed, imagesText, numberText } from "../../browser/words.js";
import { classCoverage } from "./classes.js";
import { configuration } from "./configuration.js";
import { linesOf, measurements, sparkline } from "./measurements.js";
import { filmstrip, folderOf, neighbours, picture } from "./pictures.js";

/** @typedef {import("../../browser/types").Line} Line */

/**
 * What Python passes beside the store: trials by their role, the sampled paths, the families of
 * settings by the first part of a path, the runs whose pictures are on the page.
 *
 * @typedef {object} Roles
 * @property {number | null} recommended
 * @property {number[]} finalists
 * @property {number[]} pareto
 * @property {{ of: Record<string, string>, other: string }} families
 * @property {string[]} sampled
 * @property {number[]} shown
 */

const NEAR = "600px";

const closeup = {
  /** @type {HTMLElement | null} */
  element: null,
  /** @type {Roles} */
  roles: {
    recommended: null,
    finalists: [],
    pareto: [],
    families: { of: {}, other: "" },
    sampled: [],
    shown: [],
  },
  /** @type {number | null} */
  trial: null,
  /** @type {number | null} The run in bold. */
  run: null,
  /** Counts drawings, so that one that finishes late is dropped. */
  turn: 0,
  isNear: false,
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
    { rootMargin: NEAR },
  ).observe(element);
  document.addEventListener("click", (event) => {
    // A mark selects its trial; a link to a trial also goes there.
    if (around(event, "a[href^='#trial-'], a[href^='#trial=']")) element.scrollIntoView();
  });
  showSoon();
});

/** At once when it is near the view, otherwise when the browser is idle. */
function showSoon() {
  if (closeup.isNear) showTrial();
  else (window.requestIdleCallback ?? setTimeout)(showTrial);
}

function showTrial() {
  const trial = selection.trial ?? store.study.leading ?? store.runs.trial[0];
  if (trial === closeup.trial) return;
  const runs = runsOf(trial);
  closeup.trial = trial;
  closeup.run =
    runs.find((run) => closeup.roles.shown.includes(run)) ??
    runs.find((run) => store.filmstrips[run]?.length) ??
    runs[0] ??
    null;
  drawCloseup(trial);
}

/** @param {number} trial */
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
    runs.length
      ? make("ul", { class: "seeds" }, ...runs.map((it, i) => seedCard(it, lines[i])))
      : make("p", { class: "empty" }, "This trial has no run yet."),
    ...(run === null || store.base.trainer ? [] : [exploring(run)]),
    ...(run === null ? [] : [filmstrip(run), neighbours(run)]),
    measured,
    classes,
    configuration(trial, closeup.roles),
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

// The head: the trial, its roles in the study, and buttons to its neighbours in the table.

/**
 * @param {number} trial
 * @param {number[]} runs
 */
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
      stepButton(1, "closeup-next", "next ›"),
    ),
  );
}

/**
 * @param {number} by
 * @param {string} identity
 * @param {string} label
 */
function stepButton(by, identity, label) {
  const button = make("button", { type: "button", id: identity }, label);
  // Steps from the trial that is drawn: the leading one while none is selected.
  button.addEventListener("click", () => selection.step(by, closeup.trial));
  return button;
}

/**
 * The command that draws from the trial's generators; behind a URL from one run's.
 *
 * @param {number} run
 */
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
      make("button", { type: "button", class: "copy", "aria-label": "Copy the command" }, "copy"),
    ),
  );
}

// Seeds side by side.

/**
 * @param {number} run
 * @param {Line | undefined} line
 */
function seedCard(run, line) {
  const of = store.runs;
  const isChosen = run === closeup.run;
  const seed = of.seed[run];
  const button = make(
    "button",
    { type: "button", "aria-pressed": String(isChosen), id: `closeup-seed-${seed}` },
    glyphOf(of.outcome[run]),
    `seed ${seed}`,
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
    ...seedStory(run),
  );
}

/** @param {number} run */
function seedFacts(run) {
  const of = store.runs;
  const facts = [
    ["verdict", of.outcome[run]],
    ["quality", numberText(of.quality[run])],
    [store.study.names.kernel, numberText(of.kernel[run])],
    ["score", numberText(of.score[run])],
  ];
  if (store.outcomes[of.outcome[run]].fails && of.onset[run] !== null) {
    facts.push(["onset", `${imagesText(of.onset[run])} images`]);
  }
  if (of.confidence[run] !== null) facts.push(["confidence", fixed(of.confidence[run])]);
  if (of.attempts[run] > 1) facts.push(["attempts", String(of.attempts[run])]);
  const pairs = facts.map(([name, value]) =>
    make("div", {}, make("dt", {}, name), make("dd", {}, value)),
  );
  return make("dl", {}, ...pairs);
}

/** @param {number} run */
function seedStory(run) {
  const of = store.runs;
  /** @type {[string, string][]} */
  const lines = [];
  if (of.error[run]) lines.push(["error", of.error[run]]);
  if (of.evidence[run]) lines.push(["evidence", of.evidence[run]]);
  for (const [name, evidence] of of.flags[run]) {
    lines.push(["flag", evidence ? `flagged ${name}: ${evidence}` : `flagged ${name}`]);
  }
  for (const reason of of.notJudged[run]) lines.push(["blind", `not judged: ${reason}`]);
  return lines.map(([kind, text]) => make("p", { class: kind }, text));
}
