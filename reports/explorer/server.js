// Pictures from the server that the page came from. Its refusals are sentences, which are shown.

import { Refused } from "./source.js";

/**
 * The answer, once it has come. Throws `Refused` with the server's sentence, or with what to do
 * when no server answers any more.
 *
 * @param {string} name
 * @param {Record<string, string>} parameters
 */
async function ask(name, parameters) {
  let response;
  try {
    response = await fetch(`${name}?${new URLSearchParams(parameters)}`);
  } catch {
    throw new Refused("The server does not answer; start lab.explore again.");
  }
  if (!response.ok) throw new Refused((await response.text()).trim());
  return response;
}

/** @param {import("./types").Recipe} recipe */
async function file(recipe) {
  return (await ask("picture", { recipe: JSON.stringify(recipe) })).blob();
}

/** @type {import("./types").Source} */
export const server = {
  note: "A saved PNG carries its recipe; python -m lab.explore FILE.png opens it again.",
  space: async (run) => (await ask("space", { run: run.name })).json(),
  sheet: async (recipe) => createImageBitmap(await file(recipe)),
  file,
  samples: async (run, images) =>
    (await ask("samples", { run: run.name, images: String(images) })).blob(),
  nearest: async (recipe) => (await ask("nearest", { recipe: JSON.stringify(recipe) })).json(),
};
