// The controls: each changes the state, and the grids are drawn again.

import { byId, make, within } from "../browser/elements.js";
import { imagesText } from "../browser/words.js";
import { COUNT, data, moments, spaces, state } from "./state.js";

const FURTHEST = 3;
const STEP = 0.1;
const LARGEST_CODE = data.largest ?? 1e9;

let redraw = () => {};

/** @param {() => void} onChange */
export function connectControls(onChange) {
  redraw = onChange;
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  connectModes();
  for (const name of /** @type {const} */ (["first", "start", "end"])) connectCode(name);
  byId("codes-before").addEventListener("click", () => setCode("first", state.first - COUNT));
  byId("codes-after").addEventListener("click", () => setCode("first", state.first + COUNT));
  connectClass();
  connectTime();
  connectPsi();
  byId("directions-reset").addEventListener("click", resetDirections);
}

/** @param {string} identity */
function inputOf(identity) {
  return /** @type {HTMLInputElement} */ (byId(identity));
}

function connectModes() {
  for (const radio of document.querySelectorAll("input[name=mode]")) {
    const input = /** @type {HTMLInputElement} */ (radio);
    input.checked = input.value === state.mode;
    input.addEventListener("change", () => {
      state.mode = input.value;
      showMode();
      redraw();
    });
  }
  showMode();
}

function showMode() {
  within(document, ".of-codes").hidden = state.mode !== "codes";
  within(document, ".of-path").hidden = state.mode !== "path";
}

/** @typedef {"first" | "start" | "end"} CodeName */

/** @param {CodeName} name */
function connectCode(name) {
  const input = inputOf(name);
  input.max = String(LARGEST_CODE);
  input.value = String(state[name]);
  input.addEventListener("input", () => {
    if (!input.validity.valid) return;
    state[name] = input.valueAsNumber;
    redraw();
  });
}

/**
 * @param {CodeName} name
 * @param {number} code
 */
export function setCode(name, code) {
  state[name] = Math.min(Math.max(code, 0), LARGEST_CODE);
  inputOf(name).value = String(state[name]);
  redraw();
}

function connectClass() {
  const names = data.runs.find((run) => run.classes.length)?.classes ?? [];
  const select = /** @type {HTMLSelectElement} */ (byId("label"));
  select.append(
    make("option", { value: "" }, "each code its own"),
    ...names.map((name, i) => make("option", { value: i }, name)),
  );
  select.value = state.label === null ? "" : String(state.label);
  select.addEventListener("change", () => {
    state.label = select.value === "" ? null : Number(select.value);
    redraw();
  });
  byId("label-of").hidden = !names.length;
}

function connectTime() {
  const input = inputOf("time");
  input.max = String(moments.length);
  input.value = String(state.time);
  const show = () => {
    const images = moments[state.time];
    const text = images === undefined ? "the end" : imagesText(images);
    byId("time-value").textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  input.addEventListener("input", () => {
    state.time = input.valueAsNumber;
    show();
    redraw();
  });
  byId("time-of").hidden = !moments.length;
  showGroup();
  show();
}

/** The group of the generator has no title to show over nothing. */
function showGroup() {
  byId("generator-controls").hidden = byId("time-of").hidden && byId("psi-of").hidden;
}

function connectPsi() {
  const input = inputOf("psi");
  input.value = String(state.psi);
  const show = () => {
    byId("psi-value").textContent = state.psi.toFixed(2);
  };
  input.addEventListener("input", () => {
    state.psi = input.valueAsNumber;
    show();
    redraw();
  });
  show();
}

/** What depends on the generators, once one more was opened. */
export function showSpaces() {
  const known = [...spaces.values()];
  byId("psi-of").hidden = !known.some((space) => space.truncates);
  showGroup();
  connectText(known.some((space) => space.takesText));
  const shares = spaces.get(data.runs[0])?.shares ?? [];
  const count = Math.max(0, ...known.map((space) => space.shares.length));
  const note =
    data.runs.length > 1
      ? "In standard deviations. Each run has its own directions; the shares of variance are those " +
        "of the first."
      : "In standard deviations, with the share of variance along each.";
  byId("directions-note").textContent = count ? note : "This generator has none.";
  while (state.sliders.length < count) state.sliders.push(0);
  byId("directions").replaceChildren(
    ...Array.from({ length: count }, (_, at) => direction(at, shares[at])),
  );
}

/** @param {boolean} isTaken */
function connectText(isTaken) {
  byId("text-of").hidden = !isTaken;
  const input = inputOf("text");
  if (!isTaken || input.dataset.connected) return;
  input.dataset.connected = "true";
  input.value = state.text;
  input.addEventListener("change", () => {
    state.text = input.value;
    redraw();
  });
}

/**
 * @param {number} at
 * @param {number | undefined} share
 */
function direction(at, share) {
  const input = make("input", {
    type: "range",
    min: -FURTHEST,
    max: FURTHEST,
    step: STEP,
    value: state.sliders[at],
    id: `direction-${at}`,
  });
  const output = make("output", { for: input.id }, state.sliders[at].toFixed(1));
  input.addEventListener("input", () => {
    state.sliders[at] = input.valueAsNumber;
    output.textContent = state.sliders[at].toFixed(1);
    redraw();
  });
  const percent = share === undefined ? "" : ` · ${(100 * share).toFixed(1)} %`;
  const title = make("span", {}, `Direction ${at + 1}${percent}`);
  return make("label", { class: "slider" }, title, output, input);
}

function resetDirections() {
  state.sliders.fill(0);
  showSpaces();
  redraw();
}
