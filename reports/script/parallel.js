// Parallel coordinates: grey until something is filtered, then the matched lines in the colour of
// their verdict. A brush writes a term of the filter, and the filter's terms show as brushes.

const OPEN_END = 0.01; // of an axis: an end of a brush that close to the axis' end is left open
const SLOT_HALF = 0.4;
const FOLLOW_MILLISECONDS = 120;

document.querySelector("[data-panel=parallel]")?.addEventListener("drawn", (event) => {
  const panel = event.detail;
  connectParallel(panel);
  followFilter(panel);
});

/** Whether the browser draws WebGL; the context that is made to find out is given back. */
function canDrawWebgl() {
  const context = document.createElement("canvas").getContext("webgl");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}

function sayNoWebgl(panel) {
  panel.frame.replaceChildren(make("p", { class: "empty" },
    "This browser draws no WebGL, which parallel coordinates need. The table below holds the same runs."));
  panel.frame.style.minHeight = "0";
  panel.element.querySelector("figcaption").hidden = true;
}

function connectParallel(panel) {
  const { frame } = panel;
  panel.groups = lineGroups(panel.stored.extra);
  panel.constrained = new Set();
  frame.on("plotly_restyle", (event) => {
    // A brush tells of nothing but its axis; an axis that was moved tells nothing at all.
    const told = Object.keys(event?.[0] ?? {});
    if (told.length === 1 && told[0].endsWith("constraintrange")) writeBrushes(panel);
    drawChosen(panel);
  });
  frame.on("plotly_afterplot", () => drawChosen(panel));
  connectLines(panel);
  selection.onChange((filtered) => {
    drawChosen(panel);
    if (filtered) followSoon(panel);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => followSoon(panel));
  new MutationObserver(() => followSoon(panel))
    .observe(document.documentElement, { attributeFilter: ["data-theme"] });
  new IntersectionObserver((entries) => {
    panel.isNear = entries.at(-1).isIntersecting;
    if (panel.isLate) followSoon(panel);
  }, { rootMargin: "400px" }).observe(panel.element);
}

/** A line stands for all runs of its trial that ended alike. */
function lineGroups({ runs }) {
  const { trial, outcome } = store.runs;
  return runs.map((run) => store.runsOf(trial[run]).filter((it) => outcome[it] === outcome[run]));
}

function followSoon(panel) {
  // Out of sight the lines wait, in sight they let the other figures go first: where WebGL has no
  // graphics card they alone take longer than everything else.
  panel.isLate = !panel.isNear;
  clearTimeout(panel.due);
  if (!panel.isLate) panel.due = setTimeout(() => followFilter(panel), FOLLOW_MILLISECONDS);
}

async function followFilter(panel) {
  const update = lineColours(panel);
  panel.frame.data[0].dimensions.forEach((dimension, place) => {
    const wanted = wantedRange(panel, dimension);
    if (wanted !== undefined) update[`dimensions[${place}].constraintrange`] = [wanted];
  });
  await Plotly.restyle(panel.frame, update, [0]);
  panel.constrained = constrainedColumns(panel);
}

/** The selected trial's lines, one for each way in which it ended, above the others. */
function drawChosen(panel) {
  const size = panel.frame._fullLayout?._size;
  if (!size) return;
  const layer = panel.overlay ?? newLayer(panel);
  const { dimensions } = panel.frame.data[0];
  const runs = selection.trial === null ? [] : store.runsOf(selection.trial);
  const ends = runs.filter((run, i) =>
    runs.findIndex((it) => store.runs.outcome[it] === store.runs.outcome[run]) === i);
  const lines = ends.map((run) => dimensions.map((dimension, i) => [
    size.l + size.w * i / Math.max(1, dimensions.length - 1),
    size.t + size.h * (1 - shareAlong(panel, dimension, run)),
  ]));
  const group = shape("g", { class: "selected" });
  group.append(...lines.map((line) =>
    shape("path", { class: "line", d: `M${line.map((at) => at.join(",")).join("L")}` })));
  layer.replaceChildren(group);
}

/** How far up an axis a run lies, from 0 to 1. */
function shareAlong(panel, dimension, run) {
  const axis = axisOf(panel, dimension);
  const [low, high] = dimension.range;
  const value = valueOf(store.column(axis.column), run);
  let place = axis.scale === "log10" ? Math.log10(value) : value;
  if (axis.scale === "slots") place = axis.slots.findIndex((slot) => String(slot) === String(value));
  if (value === null) place = axis.missing ?? low;
  return Math.max(0, Math.min(1, (place - low) / (high - low)));
}

// Colours.

function lineColours(panel) {
  const { outcomes, of, runs } = panel.stored.extra;
  const style = getComputedStyle(panel.frame);
  const named = (name) => style.getPropertyValue(name).trim();
  const isFiltered = selection.runs !== null;
  const idle = blended(named("--rule"), named("--muted"), runs.length < 200 ? 0.75 : 0.3);
  const palette = [isFiltered ? named("--rule") : idle,
    ...outcomes.map((outcome) => store.outcomes[outcome].colour)];
  const top = palette.length - 1;
  sayMatched(panel);
  const colours = runs.map((_, i) =>
    (isFiltered && panel.groups[i].some((run) => selection.runs[run]) ? of[i] : 0));
  return {
    "line.color": [colours], "line.cmin": 0, "line.cmax": top,
    "line.colorscale": [palette.map((colour, i) => [i / top, colour])],
  };
}

/** How many of the drawn lines match, in words beneath the figure. */
function sayMatched(panel) {
  panel.said ??= panel.element.appendChild(make("p", { class: "note", role: "status" }));
  const { groups } = panel;
  const matching = groups.filter((group) => group.some((run) => selection.runs?.[run])).length;
  panel.said.textContent = selection.runs === null ? ""
    : `${matching.toLocaleString("en")} of the ${groups.length.toLocaleString("en")} lines drawn match the filter.`;
}

/** A colour between two of the page, each as #rrggbb. */
function blended(first, second, share) {
  const parts = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const [from, to] = [parts(first), parts(second)];
  return `rgb(${from.map((value, i) => Math.round(value + share * (to[i] - value))).join(",")})`;
}

// Brushes and terms.

function axisOf(panel, dimension) {
  return panel.stored.extra.axes.find(({ column }) => column === dimension.name);
}

function rangesOf(constraint) {
  if (!constraint) return [];
  return Array.isArray(constraint[0]) ? constraint : [constraint];
}

/** The term that a brush stands for; null for none, or for a brush over the whole axis. */
function brushTerm(axis, constraint) {
  const ranges = rangesOf(constraint);
  const covers = (place) => ranges.some(([low, high]) => low <= place && place <= high);
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
  const [first, last] = [low <= axis.low + near ? "" : endText(axis, low),
    high >= axis.high - near ? "" : endText(axis, high)];
  const isWhole = !first && !last && (axis.missing === null || isAbsent);
  return isWhole ? null : `${name}=${first}..${last}`;
}

function endText(axis, position) {
  const value = axis.scale === "log10" ? 10 ** position : position;
  return Number(value.toPrecision(3)).toString();
}

/** The positive term of the filter on a column, if there is exactly one. */
function termOn(column) {
  const terms = splitTerms(selection.where).filter((term) => {
    const name = term.match(/^([^=-][^=]*)=/)?.[1];
    return name && columnNamed(unquoted(name))?.name === column;
  });
  return terms.length === 1 ? terms[0] : null;
}

/** What an axis' brush must become for the filter; undefined when it is that already. */
function wantedRange(panel, dimension) {
  const axis = axisOf(panel, dimension);
  const term = termOn(axis.column);
  const current = brushTerm(axis, dimension.constraintrange);
  if (term === current) return undefined;
  return term === null ? null : termRange(axis, term.slice(term.indexOf("=") + 1));
}

function termRange(axis, value) {
  const parts = value.match(/^([^.|"]*(?:\.\d[^.|"]*)?)\.\.(.*)$/);
  if (axis.scale !== "slots" && parts) {
    const at = (text, open) => {
      if (text === "") return open;
      return axis.scale === "log10" ? Math.log10(Number(text)) : Number(text);
    };
    const range = [at(parts[1], axis.low), at(parts[2], axis.high)];
    return range.every(Number.isFinite) && range[0] < range[1] ? range : null;
  }
  const wanted = new Set(splitValues(value).map((text) => text.toLowerCase()));
  const places = axis.slots.flatMap((slot, i) => (wanted.has(String(slot).toLowerCase()) ? [i] : []));
  if (wanted.has("none") && axis.missing !== null) places.unshift(axis.missing);
  const half = axis.scale === "slots" ? SLOT_HALF : 0.02 * (axis.high - axis.low);
  const ranges = places.map((place) => [place - half, place + half]);
  if (!ranges.length) return null;
  return ranges.length === 1 ? ranges[0] : ranges;
}

/** The reader brushed an axis, or let one go: the filter's terms follow. */
function writeBrushes(panel) {
  const terms = [];
  const freed = [];
  for (const dimension of panel.frame.data[0].dimensions) {
    const axis = axisOf(panel, dimension);
    const term = brushTerm(axis, dimension.constraintrange);
    if (term === termOn(axis.column)) continue;
    if (term) terms.push(term);
    // Only a brush that is gone frees its column: other terms have no brush to lose.
    else if (!dimension.constraintrange && panel.constrained.has(axis.column)) freed.push(axis.column);
  }
  panel.constrained = constrainedColumns(panel);
  const where = withTerms(withoutColumns(selection.where, freed), terms);
  selection.set({ where });
}

function constrainedColumns(panel) {
  const { dimensions } = panel.frame.data[0];
  return new Set(dimensions.filter((it) => it.constraintrange).map((it) => it.name));
}

// Lines under the pointer.

function connectLines(panel) {
  const { frame } = panel;
  const card = document.getElementById("card");
  let under = null;
  frame.on("plotly_hover", (event) => {
    under = panel.stored.extra.runs[event.curveNumber] ?? null;
    if (under === null) return;
    card.replaceChildren(...describe(under).map((line) => make("div", {}, line)));
    card.hidden = false;
    placeCard(card, event);
  });
  frame.on("plotly_unhover", () => {
    under = null;
    card.hidden = true;
  });
  frame.addEventListener("click", () => {
    if (under !== null) selection.set({ trial: store.runs.trial[under] });
  });
}
