// Figures that need WebGL, in a browser that has none.

import { make, within } from "./elements.js";

/** Whether the browser draws WebGL; the context that is made to find out is given back. */
export function canDrawWebgl() {
  const context = document.createElement("canvas").getContext("webgl");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}

/** @param {import("./types").Panel} panel */
export function showNoWebgl({ element, frame }) {
  const text =
    "This figure needs WebGL, which this browser does not support. " +
    "The table below shows the same runs.";
  frame.replaceChildren(make("p", { class: "empty" }, text));
  frame.style.minHeight = "0";
  within(element, "figcaption").hidden = true;
}
