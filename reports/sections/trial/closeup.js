// A trial, close up: its seeds side by side, what they drew and measured, and its configuration.

const closeup = { place: null, told: {}, trial: null, run: null, turn: 0, isNear: false };
const SPARK = { width: 180, height: 44, side: 6, top: 5, bottom: 5 };
const OF_ONE_LAYER = /_\d+$/;

STARTERS.push(async () => {
  closeup.place = document.getElementById("closeup");
  if (!closeup.place) return;
  closeup.told = JSON.parse(document.getElementById("closeup-data").textContent);
  selection.onChange(showSoon);
  new IntersectionObserver((entries) => {
    closeup.isNear = entries.at(-1).isIntersecting;
    if (closeup.isNear) showTrial();
  }, { rootMargin: "600px" }).observe(closeup.place);
  document.addEventListener("click", (event) => {
    // A mark selects its trial; a link to a trial also goes there.
    if (event.target.closest?.("a[href^='#trial-'], a[href^='#trial=']")) {
      closeup.place.scrollIntoView();
    }
  });
  showSoon();
});

/** At once where the reader sees it, else when the browser has nothing better to do. */
function showSoon() {
  if (closeup.isNear) showTrial();
  else (window.requestIdleCallback ?? setTimeout)(showTrial);
}

function showTrial() {
  const trial = selection.trial ?? store.study.leading ?? store.runs.trial[0];
  if (trial === closeup.trial) return;
  const runs = store.runsOf(trial);
  closeup.trial = trial;
  closeup.run = runs.find((run) => closeup.told.shown.includes(run))
    ?? runs.find((run) => store.filmstrips[run]?.length) ?? runs[0] ?? null;
  drawCloseup();
}

function chooseRun(run) {
  closeup.run = run;
  drawCloseup();
}

async function drawCloseup() {
  const { place, trial, run } = closeup;
  const turn = closeup.turn += 1;
  const runs = store.runsOf(trial);
  const [images, quality] = await Promise.all(["images_seen", "quality"].map(store.curve));
  if (turn !== closeup.turn) return;
  const lines = images && quality ? linesOf(runs, images, quality) : [];
  const later = make("div", { class: "multiples-place" });
  const classes = make("div", { class: "classes-place" });
  const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
  place.replaceChildren(
    trialHead(trial, runs),
    runs.length ? seedCards(runs, lines) : make("p", { class: "empty" }, "This trial has no run yet."),
    ...(run === null ? [] : [filmstrip(run), neighbours(run)]),
    later, classes, configuration(trial));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  if (!runs.some((it) => store.rows.first[it + 1] > store.rows.first[it])) {
    later.append(make("p", { class: "empty" }, "No evaluation yet."));
    return;
  }
  await fillMultiples(later, runs, images, turn);
  await fillClasses(classes, run, turn);
}

function linesOf(runs, images, values) {
  return runs.map((run) => ({
    run, points: curveOf(run, images, values), onset: store.runs.onset[run],
    outcome: store.runs.outcome[run],
  }));
}

// The head: which trial, what it is in the study, and the way to its neighbours in the table.

function trialHead(trial, runs) {
  const { told } = closeup;
  const stable = runs.filter((run) => store.runs.outcome[run] === "stable").length;
  const roles = [
    [trial === told.recommended, "recommended"],
    [told.recommended === null && trial === store.study.leading, "leading"],
    [trial !== told.recommended && told.finalists.includes(trial), "finalist"],
    [told.pareto.includes(trial), "in the Pareto set"],
  ].filter(([holds]) => holds).map(([, role]) => make("span", { class: "role" }, role));
  const origin = store.trials.origin[store.trialIndex(trial)];
  return make("div", { class: "closeup-head" },
    make("h3", { id: "closeup-title" }, `Trial ${trial}`), ...roles,
    make("span", { class: "origin" }, `origin ${origin}`),
    make("span", { class: "tally" }, `${stable} of ${runs.length} run${runs.length === 1 ? "" : "s"} stable`),
    make("span", { class: "steps" }, stepButton(-1, "‹ previous"), stepButton(1, "next ›")));
}

function stepButton(by, label) {
  const button = make("button",
    { type: "button", id: by < 0 ? "closeup-previous" : "closeup-next" }, label);
  button.addEventListener("click", () => {
    // From the trial that is shown, which is the leading one while none is selected.
    const order = tableOrder();
    const place = order.indexOf(closeup.trial);
    const next = place < 0 ? (by < 0 ? order.length - 1 : 0) : place + by;
    if (order[next] !== undefined) selection.set({ trial: order[next] });
  });
  return button;
}

// Seeds side by side.

function seedCards(runs, lines) {
  return make("ul", { class: "seeds" }, ...runs.map((run, i) => seedCard(run, lines[i])));
}

function seedCard(run, line) {
  const of = store.runs;
  const isChosen = run === closeup.run;
  const button = make("button", {
    type: "button", "aria-pressed": String(isChosen), id: `closeup-seed-${of.seed[run]}`,
  }, glyphOf(of.outcome[run]), `seed ${of.seed[run]}`);
  button.addEventListener("click", () => chooseRun(run));
  const spark = line && smallChart("quality", [line], { fixed: [0, 1], box: SPARK });
  const strip = store.filmstrips[run] ?? [];
  const last = strip.length ? picture(strip.at(-1).key, `Last samples of seed ${of.seed[run]}`) : null;
  return make("li", { class: isChosen ? "chosen" : null },
    make("div", { class: "seed-name" }, button, make("span", {}, of.stage[run])),
    last, spark?.svg, seedFacts(run), ...seedStory(run));
}

function seedFacts(run) {
  const of = store.runs;
  const failed = of.outcome[run] !== "stable" && of.onset[run] !== null;
  const facts = [
    ["verdict", of.outcome[run]],
    ["quality", shortNumber(of.quality[run])],
    ["score", shortNumber(of.score[run])],
    failed ? ["onset", `${shortImages(of.onset[run])} images`] : null,
    of.confidence[run] === null ? null : ["confidence", of.confidence[run].toFixed(2)],
    of.attempts[run] > 1 ? ["attempts", String(of.attempts[run])] : null,
  ];
  return make("dl", {}, ...facts.filter(Boolean).map(([name, value]) =>
    make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

function seedStory(run) {
  const of = store.runs;
  return [
    ...(of.error[run] ? [["error", of.error[run]]] : []),
    ...(of.evidence[run] ? [["evidence", of.evidence[run]]] : []),
    ...of.flags[run].map(([name, told]) => ["flag", told ? `flagged ${name}: ${told}` : `flagged ${name}`]),
    ...of.notJudged[run].map((told) => ["blind", `not judged: ${told}`]),
  ].map(([kind, told]) => make("p", { class: kind }, told));
}

// What the chosen run drew.

function picture(key, about) {
  const source = store.pictures[key];
  return source ? make("img", { src: source, alt: about, decoding: "async" }) : null;
}

function folderOf(run) {
  const { trial, seed } = store.runs;
  return `trials/${String(trial[run]).padStart(4, "0")}/seed-${seed[run]}/`;
}

function filmstrip(run) {
  const seed = store.runs.seed[run];
  const frames = store.filmstrips[run] ?? [];
  const title = make("h4", {}, `Seed ${seed} over time, the same latent codes`);
  if (!frames.length) {
    return make("div", {}, title, make("p", { class: "note" }, "None of this run's sample grids is on this page; what was kept is in ",
      make("code", {}, `${folderOf(run)}samples/`), " of the study's folder."));
  }
  const onset = store.runs.outcome[run] === "stable" ? null : store.runs.onset[run];
  const shown = frames.map(({ images, key }) => {
    const isLate = onset !== null && images >= onset;
    return make("figure", { class: isLate ? "late" : null },
      picture(key, `Samples of seed ${seed} at ${shortImages(images)} images`),
      make("figcaption", {}, isLate ? glyphOf(store.runs.outcome[run]) : null, `${shortImages(images)} images`));
  });
  return make("div", {}, title, make("div", { class: "strip film" }, ...shown));
}

function neighbours(run) {
  const found = store.neighbours[run];
  const title = make("h4", {}, "Nearest training images");
  if (!found) {
    return make("div", {}, title, make("p", { class: "note" }, "None on this page for this run. Where the record has them they are ",
      make("code", {}, `${folderOf(run)}samples/neighbours-*.webp`), "."));
  }
  const about = "Rows in pairs: the generated images that look most like copies, and under each the training image nearest to it";
  return make("div", {}, title, make("figure", { class: "neighbours" }, picture(found.key, about),
    make("figcaption", {}, `${about}; after ${shortImages(found.images)} images.`)));
}

// What the seeds measured.

async function fillMultiples(place, runs, images, turn) {
  const wanted = store.metrics.filter(({ name }) => name !== "images_seen" && !CLASS_SHARE.test(name));
  const [metrics, signals, layers] = [[], [], []];
  for (const metric of wanted) {
    const isSignal = metric.name.startsWith("signal_");
    (!isSignal ? metrics : OF_ONE_LAYER.test(metric.name) ? layers : signals).push(metric);
  }
  const [first, second] = await Promise.all(
    [metrics, signals].map((group) => multiplesOf(group, runs, images)));
  if (turn !== closeup.turn) return;
  const missing = [...first.missing, ...second.missing];
  place.append(
    make("h4", {}, "What was measured, seed by seed"),
    make("p", { class: "note" }, `Over images seen, 0 to ${shortImages(store.study.budget)}. Bold: the `
      + "chosen seed. Dotted: real images. A failure is marked where it began, and an axis is that "
      + "of the time before it."),
    make("div", { class: "multiples" }, ...first.charts),
    ...(second.charts.length ? [make("h4", {}, "Signals of training"),
      make("div", { class: "multiples" }, ...second.charts)] : []));
  if (missing.length) {
    place.append(make("p", { class: "note" }, `Not on this page for this trial: ${missing.join(", ")}; see `,
      make("code", {}, `${folderOf(runs[0])}evaluations.jsonl`), "."));
  }
  if (layers.length) place.append(layerSignals(layers, runs, images));
}

async function multiplesOf(metrics, runs, images) {
  const found = { charts: [], missing: [] };
  const values = await Promise.all(metrics.map(({ name }) => store.curve(name)));
  metrics.forEach(({ name, title }, i) => {
    const chart = multiple(title, linesOf(runs, images, values[i]), {
      chosen: closeup.run, fixed: name === "quality" ? [0, 1] : null,
      baseline: store.study.baseline[name] ?? null,
    });
    if (chart) found.charts.push(chart);
    else found.missing.push(title);
  });
  return found;
}

/** Signals of single layers are many: drawn when they are asked for. */
function layerSignals(layers, runs, images) {
  const grid = make("div", { class: "multiples" });
  const details = make("details", {},
    make("summary", {}, `${layers.length} signals of single layers`), grid);
  details.addEventListener("toggle", async () => {
    const { charts } = await multiplesOf(layers, runs, images);
    grid.replaceChildren(...(charts.length ? charts : ["Not on this page for this trial."]));
  }, { once: true });
  return details;
}
