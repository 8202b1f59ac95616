// The page's address: the selection that it holds, and links that keep the selection.

import { around } from "./elements.js";
import { selection } from "./selection.js";
import { trialIndex } from "./store.js";

/** The trial and the filter in the address, or a plain section that the browser scrolls to. */
function readAddress() {
  const fragment = location.hash.slice(1);
  const trialLink = fragment.match(/^trial-(\d+)$/);
  const pairs = new URLSearchParams(fragment);
  const trial = Number(trialLink ? trialLink[1] : (pairs.get("trial") ?? NaN));
  return {
    isSection: !trialLink && !fragment.includes("="),
    trial: trialIndex(trial) === undefined ? null : trial,
    where: pairs.get("where") ?? "",
  };
}

function followAddress() {
  const { isSection, trial, where } = readAddress();
  if (isSection && location.hash.length > 1) return;
  if (trial !== selection.trial || where !== selection.where) selection.take(trial, where);
}

/** Select what the address holds, now and whenever it changes. */
export function connectAddress() {
  const { isSection, trial, where } = readAddress();
  if (!isSection) selection.take(trial, where);
  addEventListener("popstate", followAddress);
  addEventListener("hashchange", followAddress);
  document.addEventListener("click", followLink);
  if (trial !== null) keepInSight("trial");
  else if (isSection && location.hash.length > 1) keepInSight(location.hash.slice(1));
}

/**
 * A link to a trial changes nothing else; one to a section leaves the selection in the address.
 *
 * @param {MouseEvent} event
 */
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

/**
 * Figures above the target grow while they are drawn: it is scrolled to once more when all are
 * there, unless the reader has moved on by then.
 *
 * @param {string} identity
 */
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
