// Class coverage: what share of the generated images each class has, beside its real share.

const MOST_CLASSES = 30;
const LOST_SHARE = 0.1; // of the real share: a class below that counts as lost
const CLASS_SHARE = /^class_share_(\d+)$/;

async function fillClasses(place, run, turn) {
  const title = make("h4", {}, "Class coverage");
  const real = store.study.realShares;
  const names = store.metrics.map(({ name }) => name).filter((name) => CLASS_SHARE.test(name));
  const curves = await Promise.all(names.map((name) => store.curve(name)));
  if (turn !== closeup.turn) return;
  const last = store.rows.first[run + 1] - 1;
  const hasRows = last >= store.rows.first[run];
  const shares = new Map(names.map((name, i) =>
    [Number(name.match(CLASS_SHARE)[1]), hasRows ? curves[i][last] : NaN]));
  if (!real || ![...shares.values()].some(Number.isFinite)) {
    place.replaceChildren(title, make("p", { class: "note" },
      names.length && real ? "Class shares of this run are not on this page; its evaluations.jsonl has them."
        : "The record of this study holds no class shares."));
    return;
  }
  place.replaceChildren(title, ...classRows(run, real, shares));
}

function classRows(run, real, shares) {
  const rows = real.map((share, i) => ({ i, share, made: shares.get(i) ?? 0 }))
    .sort((a, b) => a.i - b.i);
  const furthest = [...rows].sort((a, b) => Math.abs(b.made - b.share) - Math.abs(a.made - a.share));
  const kept = new Set(furthest.slice(0, MOST_CLASSES));
  const shown = rows.filter((row) => kept.has(row));
  const top = Math.max(...rows.flatMap(({ share, made }) => [share, made]));
  const lost = rows.filter((row) => row.made < LOST_SHARE * row.share);
  const part = shown.length < rows.length ? ` Showing ${shown.length} of ${rows.length} classes, those furthest apart.` : "";
  return [
    make("p", { class: "note" }, `Seed ${store.runs.seed[run]} at its last evaluation, by the extractor's classifier. `
      + `Ring: real images; dot: generated. ${lost.length} of ${rows.length} classes have less than a tenth of their real share.${part}`),
    make("ul", { class: "classes" }, ...shown.map((row) => classRow(row, top))),
  ];
}

function classRow({ i, share, made }, top) {
  const percent = (value) => `${(100 * value).toFixed(1)}%`;
  const at = (value) => (100 * value / top).toFixed(2);
  const isLost = made < LOST_SHARE * share;
  const [low, high] = [Math.min(share, made), Math.max(share, made)];
  return make("li", { class: isLost ? "lost" : null },
    make("span", { class: "class-name" }, store.study.classes[i] ?? `class ${i}`),
    make("span", { class: "pair", "aria-hidden": "true" },
      make("i", { style: `left:${at(low)}%;width:${at(high - low)}%` }),
      make("b", { class: "real", style: `left:${at(share)}%` }),
      make("b", { class: "made", style: `left:${at(made)}%` })),
    make("span", { class: "class-shares" }, `${percent(made)}, real ${percent(share)}${isLost ? ": lost" : ""}`));
}
