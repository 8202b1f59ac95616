// Requests to the server that the page came from. Its refusals are sentences, which are shown.

/** A request that the server refused, with its sentence. */
export class Refused extends Error {}

/**
 * The answer, once it has come. Throws `Refused` with the server's sentence, or with what to do
 * when no server answers any more.
 *
 * @param {string} name
 * @param {Record<string, string>} parameters
 */
export async function ask(name, parameters) {
  let response;
  try {
    response = await fetch(`${name}?${new URLSearchParams(parameters)}`);
  } catch {
    throw new Refused("The server does not answer; start lab.explore again.");
  }
  if (!response.ok) throw new Refused((await response.text()).trim());
  return response;
}
