// A trial's configuration: the base with what the trial sets, the differences first and marked.

function valueAt(config, path) {
  return path.split(".").reduce((node, part) => node?.[part], config);
}

function configuration(trial) {
  const overrides = store.trials.overrides[store.trialIndex(trial)];
  const paths = Object.keys(overrides).sort((a, b) =>
    closeup.told.sampled.includes(b) - closeup.told.sampled.includes(a) || a.localeCompare(b));
  const rows = paths.map((path) => make("tr", {},
    make("th", { scope: "row" }, path), make("td", {}, JSON.stringify(overrides[path])),
    make("td", {}, JSON.stringify(valueAt(store.base, path)) ?? "–"),
    make("td", {}, closeup.told.sampled.includes(path) ? "sampled" : "follows from it")));
  const head = ["", "this trial", "base", ""].map((title) => make("th", { scope: "col" }, title));
  const same = closeup.told.sampled.filter((path) => !(path in overrides));
  return make("div", { class: "configuration" },
    make("h4", {}, "Configuration"),
    rows.length ? make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Differences from the base" },
      make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows))) : null,
    make("p", { class: "note" }, "Above: what differs from the study's base configuration. Below: all of it. ",
      ...(same.length ? ["Sampled as in the base, or a branch not taken: ", ...asCode(same), "."] : [])),
    configurationText(overrides));
}

/** Names apart by commas, each an element: a name written from right to left turns no other. */
function asCode(names) {
  return names.flatMap((name, i) => [i ? ", " : "", make("code", {}, name)]);
}

function configurationText(overrides) {
  const whole = structuredClone(store.base);
  for (const [path, value] of Object.entries(overrides)) {
    const parts = path.split(".");
    const end = parts.pop();
    parts.reduce((node, part) => {
      if (!Object.hasOwn(node, part)) node[part] = {};
      return node[part];
    }, whole)[end] = value;
  }
  const code = make("code", {}, ...jsonLines(whole, overrides));
  return make("div", { class: "command" }, make("pre", { tabindex: 0 }, code),
    make("button", { type: "button", class: "copy" }, "copy"));
}

/** The JSON as text in pieces, those lines marked that the trial sets. */
function jsonLines(node, overrides, prefix = "", indent = "") {
  const inner = `${indent}  `;
  const entries = Object.entries(node);
  const pieces = entries.flatMap(([key, value], i) => {
    const path = prefix + key;
    const comma = i < entries.length - 1 ? ",\n" : "\n";
    const start = `${inner}${JSON.stringify(key)}: `;
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      return [start, ...jsonLines(value, overrides, `${path}.`, inner), comma];
    }
    const line = start + JSON.stringify(value);
    return [path in overrides ? make("mark", {}, line) : line, comma];
  });
  return ["{\n", ...pieces, `${indent}}`];
}
