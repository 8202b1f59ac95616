// Parallel coordinates: grey lines by WebGL; those that match the filter are drawn above them in the
// colour of their verdict, which is quick without a graphics card, too. A brush writes a term of the filter.

const OPEN_END = 0.01; // of an axis: an end of a brush that close to the axis' end is left open
const SLOT_HALF = 0.4;
const FOLLOW_MILLISECONDS = 400;

document.querySelector("[data-panel=parallel]")?.addEventListener("drawn", (event) => {
  const panel = event.detail;
  connectParallel(panel);
  greyLines(panel).then(() => followFilter(panel));
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
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => greyLines(panel));
  new MutationObserver(() => greyLines(panel))
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
  // Out of sight the brushes wait, in sight they let the other figures go first: to move one WebGL
  // draws all lines again, which without a graphics card takes longer than everything else.
  panel.isLate = !panel.isNear;
  clearTimeout(panel.due);
  if (!panel.isLate) panel.due = setTimeout(() => followFilter(panel), FOLLOW_MILLISECONDS);
}

/** Brushes that the filter has dropped or moved; those of other terms are marks in the overlay. */
async function followFilter(panel) {
  const update = {};
  panel.frame.data[0].dimensions.forEach((dimension, place) => {
    const wanted = dimension.constraintrange ? wantedRange(panel, dimension) : undefined;
    if (wanted !== undefined) update[`dimensions[${place}].constraintrange`] = [wanted];
  });
  if (Object.keys(update).length) await Plotly.restyle(panel.frame, update, [0]);
  panel.constrained = constrainedColumns(panel);
}

/** The matched lines in their verdict's colour and the selected trial's, above the grey ones. */
function drawChosen(panel) {
  const size = panel.frame._fullLayout?._size;
  if (!size) return;
  const layer = panel.overlay ?? newLayer(panel);
  // Above the lines that WebGL draws, beneath the labels of the axes.
  panel.frame.querySelector(".gl-container")?.append(layer);
  const { dimensions } = panel.frame.data[0];
  panel.frame.toggleAttribute("data-brushed", selection.runs !== null);
  layer.replaceChildren(...matchedLines(panel, dimensions, size),
    filterRanges(panel, dimensions, size), selectedLines(panel, dimensions, size));
  sayMatched(panel);
}

/** One path an outcome: a thousand lines are as quick as ten. */
function matchedLines(panel, dimensions, size) {
  if (selection.runs === null) return [];
  const { outcomes, of } = panel.stored.extra;
  const paths = outcomes.map(() => []);
  const along = dimensions.map((dimension) => sharesAlong(panel, dimension));
  panel.groups.forEach((group, line) => {
    if (!group.some((run) => selection.runs[run])) return;
    paths[of[line] - 1].push(lineAcross(along.map((shares) => shares[line]), size));
  });
  return outcomes.map((outcome, i) => {
    const group = shape("g", { class: "matched", style: `color:${store.outcomes[outcome].colour}` });
    if (paths[i].length) group.append(shape("path", { class: "line", d: paths[i].join("") }));
    return group;
  });
}

/** The filter's terms as marks along their axes, where no brush shows them. */
function filterRanges(panel, dimensions, { l, t, w, h }) {
  const group = shape("g", { class: "ranges" });
  dimensions.forEach((dimension, place) => {
    const axis = axisOf(panel, dimension);
    const term = dimension.constraintrange ? null : termOn(axis.column);
    const [low, high] = dimension.range;
    const up = (position) => t + h * (1 - Math.max(0, Math.min(1, (position - low) / (high - low))));
    for (const [first, last] of rangesOf(term && termRange(axis, term.slice(term.indexOf("=") + 1)))) {
      group.append(shape("rect", {
        x: l + w * place / Math.max(1, dimensions.length - 1) - 3, y: up(last), width: 6,
        height: Math.max(2, up(first) - up(last)),
      }));
    }
  });
  return group;
}

/** The selected trial's lines, one for each way in which it ended. */
function selectedLines(panel, dimensions, size) {
  const runs = selection.trial === null ? [] : store.runsOf(selection.trial);
  const ends = runs.filter((run, i) =>
    runs.findIndex((it) => store.runs.outcome[it] === store.runs.outcome[run]) === i);
  const group = shape("g", { class: "selected" });
  group.append(...ends.map((run) => shape("path", {
    class: "line",
    d: lineAcross(dimensions.map((dimension) => shareAlong(panel, dimension, run)), size),
  })));
  return group;
}

/** A line across all axes, from how far up each it lies. */
function lineAcross(shares, { l, t, w, h }) {
  const across = w / Math.max(1, shares.length - 1);
  return `M${shares.map((share, i) =>
    `${(l + across * i).toFixed(1)},${(t + h * (1 - share)).toFixed(1)}`).join("L")}`;
}

/** How far up an axis every line lies, spread within its slot as WebGL draws it. */
function sharesAlong(panel, dimension) {
  const drawn = panel.frame._fullData[0].dimensions.find(({ name }) => name === dimension.name);
  const [low, high] = dimension.range;
  return Array.from(drawn.values, (place) => (place - low) / (high - low));
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

/** The grey of the lines, which WebGL cannot take from the style sheet by itself. */
function greyLines(panel) {
  const style = getComputedStyle(panel.frame);
  const named = (name) => style.getPropertyValue(name).trim();
  const share = panel.stored.extra.runs.length < 200 ? 0.75 : 0.3;
  const colour = blended(named("--rule"), named("--muted"), share);
  return Plotly.restyle(panel.frame, { "line.color": colour }, [0]);
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
  const terms = splitTerms(selection.where).filter((term) => columnOfTerm(term) === column);
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
  const ends = splitRange(value);
  if (axis.scale !== "slots" && ends) {
    const at = (text, open) => {
      if (text === "") return open;
      return axis.scale === "log10" ? Math.log10(Number(text)) : Number(text);
    };
    const range = [at(ends[0], axis.low), at(ends[1], axis.high)];
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
