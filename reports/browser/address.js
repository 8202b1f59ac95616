// The page's address: what it says is selected, and links that keep the selection.

// What the address says: a trial, a filter, or a plain section that the browser scrolls to.
function readAddress() {
  const said = location.hash.slice(1);
  const old = said.match(/^trial-(\d+)$/);
  const pairs = new URLSearchParams(location.hash.slice(1));
  const trial = Number(old ? old[1] : pairs.get("trial") ?? NaN);
  return {
    isSection: !old && !said.includes("="),
    trial: store.trialIndex(trial) === undefined ? null : trial,
    where: pairs.get("where") ?? "",
  };
}

function followAddress() {
  const said = readAddress();
  if (said.isSection && location.hash.length > 1) return;
  if (said.trial !== selection.trial || said.where !== selection.where) {
    selection.take(said.trial, said.where);
  }
}

function connectAddress() {
  const said = readAddress();
  if (!said.isSection) selection.take(said.trial, said.where);
  addEventListener("popstate", followAddress);
  addEventListener("hashchange", followAddress);
  document.addEventListener("click", followLink);
  if (said.trial !== null) keepInSight("trial");
  else if (said.isSection && location.hash.length > 1) keepInSight(location.hash.slice(1));
}

// A link to a trial changes nothing else; a link to a section leaves the selection in the address.
function followLink(event) {
  const link = event.target.closest?.('a[href^="#"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const [, trial] = link.getAttribute("href").match(/^#trial-(\d+)$/) ?? [];
  const place = document.getElementById(trial ? "trial" : link.getAttribute("href").slice(1));
  const selected = selection.trial !== null || selection.where !== "";
  if (!place || !(trial || selected)) return;
  event.preventDefault();
  if (trial) selection.set({ trial: Number(trial) });
  place.scrollIntoView();
}

// Figures above a place grow while they are drawn: it is looked up once more when all are there,
// unless the reader has moved on by then.
function keepInSight(identity) {
  const place = document.getElementById(identity);
  if (!place) return;
  let moved = false;
  const move = () => { moved = true; };
  for (const kind of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    addEventListener(kind, move, { once: true, passive: true });
  }
  const look = () => { if (!moved) place.scrollIntoView({ behavior: "instant" }); };
  look();
  document.addEventListener("complete", look, { once: true });
}
