// Made by `npm run build` from explorer.js and what it imports. Edit those.
(() => {
  // elements.js
  function byId(identity) {
    const element = document.getElementById(identity);
    if (!element) throw new Error(`the page has no element #${identity}`);
    return element;
  }
  function within(root, selector) {
    const element = root.querySelector(selector);
    if (!element) throw new Error(`the page has no element ${selector}`);
    return (
      /** @type {HTMLElement} */
      element
    );
  }
  function around(event, selector) {
    return event.target instanceof Element ? event.target.closest(selector) : null;
  }
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    setAttributes(element, attributes);
    element.append(...children.filter((child) => child !== null && child !== void 0));
    return element;
  }
  function setAttributes(element, attributes) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === void 0 || value === false) continue;
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }

  // words.js
  var MISSING = "–";
  var grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 20 });
  function withCommas(value) {
    return grouped.format(value + 0);
  }
  function fixed(value, decimals = 2) {
    return value === null ? MISSING : value.toFixed(decimals);
  }
  function imagesText(count) {
    if (count === null || !Number.isFinite(count)) return MISSING;
    for (
      const [size, unit] of
      /** @type {const} */
      [
        [1e6, "M"],
        [1e3, "k"]
      ]
    ) {
      if (count >= size) return `${Number((count / size).toPrecision(3))}${unit}`;
    }
    return count.toFixed(0);
  }
  function counted(count, noun) {
    return `${withCommas(count)} ${noun}${count === 1 ? "" : "s"}`;
  }

  // document.js
  var dark = matchMedia("(prefers-color-scheme: dark)");
  function connectTheme() {
    const button2 = document.getElementById("theme");
    if (!button2) return;
    const root = document.documentElement;
    const isDark = () => root.dataset.theme === "dark" || !root.dataset.theme && dark.matches;
    const show = () => {
      button2.textContent = isDark() ? "Light" : "Dark";
      button2.setAttribute("aria-pressed", String(isDark()));
    };
    button2.addEventListener("click", () => {
      const theme = isDark() ? "light" : "dark";
      root.dataset.theme = theme;
      try {
        localStorage.setItem("lab-theme", theme);
      } catch {
      }
      show();
    });
    dark.addEventListener("change", show);
    show();
  }

  // ../explorer/state.js
  var COUNT = 16;
  var COLUMNS = 4;
  var data = JSON.parse(byId("explorer-data").textContent ?? "");
  var moments = [...new Set(data.runs.flatMap(momentsOf))].sort((a, b) => a - b);
  var spaces = (
    /** @type {Map<Run, Space>} */
    /* @__PURE__ */ new Map()
  );
  var from = data.start;
  var state = {
    mode: from?.to == null ? "codes" : "path",
    first: from?.first ?? 0,
    start: from?.first ?? 0,
    end: from?.to ?? 1,
    /** @type {number | null} */
    label: from?.label ?? null,
    text: from?.text ?? "",
    psi: from?.psi ?? 1,
    /** A place in `moments`, or one behind them: the end. */
    time: placeOf(from?.images ?? null),
    sliders: [...from?.sliders ?? []]
  };
  function momentsOf(run) {
    return run.kept.length ? run.kept : run.samples;
  }
  function placeOf(images) {
    const place = images === null ? -1 : moments.indexOf(images);
    return place < 0 ? moments.length : place;
  }
  function standing(run) {
    if (state.time >= moments.length) return { images: null, draws: true };
    const own = momentsOf(run);
    const images = own.findLast((it) => it <= moments[state.time]) ?? own[0] ?? null;
    return { images, draws: images === null || run.kept.length > 0 };
  }
  function recipeOf(run, pick = null) {
    const space = spaces.get(run);
    const isPath = state.mode === "path";
    return {
      run: run.name,
      images: standing(run).images,
      first: isPath ? state.start : state.first,
      count: COUNT,
      to: isPath ? state.end : null,
      pick,
      label: run.classes.length ? state.label : null,
      text: space?.takesText ? state.text : "",
      psi: space?.truncates ? state.psi : 1,
      sliders: state.sliders
    };
  }

  // ../explorer/controls.js
  var FURTHEST = 3;
  var STEP = 0.1;
  var LARGEST_CODE = data.largest ?? 1e9;
  var redraw = () => {
  };
  function connectControls(onChange) {
    redraw = onChange;
    byId("controls").addEventListener("submit", (event) => event.preventDefault());
    connectModes();
    for (
      const name of
      /** @type {const} */
      ["first", "start", "end"]
    ) connectCode(name);
    byId("codes-before").addEventListener("click", () => setCode("first", state.first - COUNT));
    byId("codes-after").addEventListener("click", () => setCode("first", state.first + COUNT));
    connectClass();
    connectTime();
    connectPsi();
    byId("directions-reset").addEventListener("click", resetDirections);
  }
  function inputOf(identity) {
    return (
      /** @type {HTMLInputElement} */
      byId(identity)
    );
  }
  function connectModes() {
    for (const radio of document.querySelectorAll("input[name=mode]")) {
      const input = (
        /** @type {HTMLInputElement} */
        radio
      );
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
  function setCode(name, code) {
    state[name] = Math.min(Math.max(code, 0), LARGEST_CODE);
    inputOf(name).value = String(state[name]);
    redraw();
  }
  function connectClass() {
    const names = data.runs.find((run) => run.classes.length)?.classes ?? [];
    const select2 = (
      /** @type {HTMLSelectElement} */
      byId("label")
    );
    select2.append(
      make("option", { value: "" }, "each code its own"),
      ...names.map((name, i) => make("option", { value: i }, name))
    );
    select2.value = state.label === null ? "" : String(state.label);
    select2.addEventListener("change", () => {
      state.label = select2.value === "" ? null : Number(select2.value);
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
      const text = images === void 0 ? "the end" : imagesText(images);
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
  function showSpaces() {
    const known = [...spaces.values()];
    byId("psi-of").hidden = !known.some((space) => space.truncates);
    showGroup();
    connectText(known.some((space) => space.takesText));
    const shares = spaces.get(data.runs[0])?.shares ?? [];
    const count = Math.max(0, ...known.map((space) => space.shares.length));
    const note = data.runs.length > 1 ? "In standard deviations. Each run has its own directions; the shares of variance are those of the first." : "In standard deviations, with the share of variance along each.";
    byId("directions-note").textContent = count ? note : "This generator has none.";
    while (state.sliders.length < count) state.sliders.push(0);
    byId("directions").replaceChildren(
      ...Array.from({ length: count }, (_, at) => direction(at, shares[at]))
    );
  }
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
  function direction(at, share) {
    const input = make("input", {
      type: "range",
      min: -FURTHEST,
      max: FURTHEST,
      step: STEP,
      value: state.sliders[at],
      id: `direction-${at}`
    });
    const output = make("output", { for: input.id }, state.sliders[at].toFixed(1));
    input.addEventListener("input", () => {
      state.sliders[at] = input.valueAsNumber;
      output.textContent = state.sliders[at].toFixed(1);
      redraw();
    });
    const percent = share === void 0 ? "" : ` · ${(100 * share).toFixed(1)} %`;
    const title2 = make("span", {}, `Direction ${at + 1}${percent}`);
    return make("label", { class: "slider" }, title2, output, input);
  }
  function resetDirections() {
    state.sliders.fill(0);
    showSpaces();
    redraw();
  }

  // ../explorer/source.js
  var Refused = class extends Error {
  };
  var source = null;
  function drawFrom(chosen2) {
    source = chosen2;
  }
  function theSource() {
    if (!source) throw new Error("the page has no source of pictures yet");
    return source;
  }

  // ../explorer/panel.js
  var STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS };
  var Panel = class {
    /**
     * @param {Run} run
     * @param {(panel: Panel, pick: number) => void} onSelect
     * @param {() => void} onRest called when a grid is drawn and nothing newer is wished
     */
    constructor(run, onSelect, onRest) {
      this.run = run;
      this.onRest = onRest;
      this.isWished = false;
      this.isAsking = false;
      this.took = 0;
      this.note = make("p", { class: "note" });
      this.content = make("div", {});
      this.tiles = Array.from({ length: COUNT }, (_, pick) => this.#tile(pick));
      this.grid = make("div", { class: "tiles", role: "group" }, ...this.tiles);
      this.grid.setAttribute("aria-label", `Images of ${run.name}`);
      this.grid.addEventListener("click", (event) => {
        const tile = around(event, ".tiles button");
        if (tile) onSelect(this, this.tiles.indexOf(
          /** @type {HTMLButtonElement} */
          tile
        ));
      });
      this.grid.addEventListener("keydown", (event) => this.#step(event));
      const title2 = make("h2", {}, run.name);
      this.element = make("section", { class: "run" }, title2, this.note, this.content);
    }
    /** @param {number} pick */
    #tile(pick) {
      const canvas = make("canvas", { width: this.run.resolution, height: this.run.resolution });
      const tabindex = pick ? -1 : 0;
      return make("button", { type: "button", "aria-pressed": "false", tabindex }, canvas);
    }
    /** @param {KeyboardEvent} event */
    #step(event) {
      const by = STEPS[
        /** @type {keyof typeof STEPS} */
        event.key
      ];
      const at = this.tiles.indexOf(
        /** @type {HTMLButtonElement} */
        event.target
      );
      const to = this.tiles[at + by];
      if (by === void 0 || !to) return;
      event.preventDefault();
      for (const tile of this.tiles) tile.tabIndex = tile === to ? 0 : -1;
      to.focus();
    }
    /** @param {number | null} pick */
    mark(pick) {
      this.tiles.forEach((tile, i) => {
        tile.setAttribute("aria-pressed", String(i === pick));
      });
    }
    /** Draw what the state asks for; a wish that comes meanwhile is met after it. */
    async draw() {
      this.isWished = true;
      if (this.isAsking) return;
      this.isAsking = true;
      while (this.isWished) {
        this.isWished = false;
        try {
          await this.#drawOnce();
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
          this.content.replaceChildren(make("p", { class: "problem" }, error.message));
        }
      }
      this.isAsking = false;
      this.onRest();
    }
    async #drawOnce() {
      const { images, draws } = standing(this.run);
      this.note.textContent = describe(this.run, images);
      if (!draws) {
        this.content.replaceChildren(await storedGrid(this.run, images ?? 0));
        return;
      }
      const begun = performance.now();
      const sheet = await theSource().sheet(recipeOf(this.run));
      const side = this.run.resolution;
      this.tiles.forEach((tile, i) => {
        const canvas = canvasOf(tile);
        const left = side * (i % COLUMNS);
        const top = side * Math.floor(i / COLUMNS);
        canvas.getContext("2d")?.drawImage(sheet, left, top, side, side, 0, 0, side, side);
        tile.setAttribute("aria-label", nameOf(this.run, i));
      });
      sheet.close();
      this.took = performance.now() - begun;
      if (this.grid.parentNode !== this.content) this.content.replaceChildren(this.grid);
    }
  };
  function canvasOf(tile) {
    return (
      /** @type {HTMLCanvasElement} */
      tile.firstElementChild
    );
  }
  function nameOf(run, pick) {
    if (state.mode === "path") {
      const share = Math.round(100 * pick / (COUNT - 1));
      return `${share} % of the way from code ${state.start} to code ${state.end}`;
    }
    const code = state.first + pick;
    const names = run.classes;
    if (!names.length) return `Code ${code}`;
    return `Code ${code}, ${names[state.label ?? code % names.length] ?? "no such class"}`;
  }
  function describe(run, images) {
    const seen = images ?? run.imagesSeen;
    const when = seen === null ? "" : ` at ${imagesText(seen)} images`;
    const end = images === null && run.verdict ? `, ${run.verdict}` : "";
    return `${run.architecture}${when}${end}`;
  }
  async function storedGrid(run, images) {
    const src = URL.createObjectURL(await theSource().samples(run, images));
    const img = make("img", {
      src,
      alt: `Stored samples of ${run.name} at ${imagesText(images)} images`
    });
    img.addEventListener("load", () => URL.revokeObjectURL(src));
    const why = "The stored grid of samples: this run kept no generator here, so codes and sliders do not apply. Set training.keep_generators to keep some.";
    return make(
      "figure",
      {},
      img,
      make("figcaption", {}, data.runs.length > 1 ? "The stored grid of samples." : why)
    );
  }

  // ../explorer/selected.js
  var chosen = null;
  var big = make("canvas", { role: "img" });
  var title = make("p", {});
  var nearest = make("div", { "aria-live": "polite" });
  var asA = button("Use as A", () => use("start"));
  var asB = button("Use as B", () => use("end"));
  function button(text, act) {
    const made = make("button", { type: "button" }, text);
    made.addEventListener("click", act);
    return made;
  }
  function select(panel, pick) {
    chosen?.panel.mark(null);
    chosen = { panel, pick };
    panel.mark(pick);
    const side = panel.run.resolution;
    big.width = big.height = side;
    const words = make(
      "div",
      { class: "words" },
      title,
      make(
        "div",
        { class: "line" },
        button("Save image", () => save(pick)),
        button("Save grid", () => save(null)),
        asA,
        asB,
        theSource().nearest ? button("Nearest training images", showNearest) : null
      ),
      make("p", { class: "note" }, theSource().note),
      nearest
    );
    byId("selected").replaceChildren(make("div", { class: "big" }, big), words);
    redrawSelected();
  }
  function redrawSelected() {
    if (!chosen) return;
    const { panel, pick } = chosen;
    big.getContext("2d")?.drawImage(canvasOf(panel.tiles[pick]), 0, 0);
    big.setAttribute("aria-label", nameOf(panel.run, pick));
    title.textContent = `${nameOf(panel.run, pick)}, of ${panel.run.name}`;
    asA.hidden = asB.hidden = state.mode !== "codes";
    nearest.replaceChildren();
  }
  function use(end) {
    if (chosen) setCode(end, state.first + chosen.pick);
  }
  async function save(pick) {
    if (!chosen) return;
    const recipe = recipeOf(chosen.panel.run, pick);
    const number = recipe.first + (recipe.to === null ? pick ?? 0 : 0);
    try {
      const href = URL.createObjectURL(await theSource().file(recipe));
      const what = pick === null ? "grid" : "image";
      make("a", { href, download: `${what}-${number}.png` }).click();
      URL.revokeObjectURL(href);
    } catch (error) {
      refuse(error);
    }
  }
  async function showNearest() {
    if (!chosen) return;
    const { panel, pick } = chosen;
    const recipe = recipeOf(panel.run, pick);
    nearest.replaceChildren(make("p", { class: "note" }, "Measuring; the first time takes longer."));
    try {
      const found = await theSource().nearest?.(recipe);
      const now = JSON.stringify(recipeOf(panel.run, pick));
      const isStale = chosen?.panel !== panel || now !== JSON.stringify(recipe);
      if (found && !isStale) nearest.replaceChildren(...drawn(found));
    } catch (error) {
      refuse(error);
    }
  }
  function drawn(found) {
    const figures = found.pictures.map((picture, i) => {
      const alt = `Training image ${found.rows[i]}`;
      return make(
        "figure",
        {},
        make("img", { src: `data:image/png;base64,${picture}`, alt }),
        make("figcaption", {}, `${fixed(found.distances[i])}`)
      );
    });
    const note = "Distance in feature space, as a multiple of the median from a held-out image to its nearest training image: far below 1 is a copy.";
    return [make("div", { class: "nearest" }, ...figures), make("p", { class: "note" }, note)];
  }
  function refuse(error) {
    if (!(error instanceof Refused)) throw error;
    nearest.replaceChildren(make("p", { class: "note" }, error.message));
  }

  // ../explorer/connected.js
  var REST = 300;
  var timer = 0;
  var panels = data.runs.map((run) => new Panel(run, select, rest));
  function drawAll() {
    for (const panel of panels) panel.draw();
  }
  function rest() {
    redrawSelected();
    if (panels.some((panel) => panel.isAsking)) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      const slowest = Math.round(Math.max(...panels.map((panel) => panel.took)));
      const each = panels.length > 1 ? ` each of ${counted(panels.length, "run")}` : "";
      byId("status").textContent = `${COUNT} images${each}, drawn in ${slowest} ms`;
      document.documentElement.dataset.ready = "true";
    }, REST);
  }
  async function learn(run) {
    try {
      spaces.set(run, await theSource().space(run));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
  async function start(source2) {
    drawFrom(source2);
    connectTheme();
    byId("runs").append(...panels.map((panel) => panel.element));
    connectControls(drawAll);
    await Promise.all(data.runs.map(learn));
    showSpaces();
    await Promise.all(panels.map((panel) => panel.draw()));
    const pick = data.start?.pick;
    if (pick != null && pick < COUNT) select(panels[0], pick);
  }

  // ../explorer/server.js
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
  async function file(recipe) {
    return (await ask("picture", { recipe: JSON.stringify(recipe) })).blob();
  }
  var server = {
    note: "A saved PNG carries its recipe; python -m lab.explore FILE.png opens it again.",
    space: async (run) => (await ask("space", { run: run.name })).json(),
    sheet: async (recipe) => createImageBitmap(await file(recipe)),
    file,
    samples: async (run, images) => (await ask("samples", { run: run.name, images: String(images) })).blob(),
    nearest: async (recipe) => (await ask("nearest", { recipe: JSON.stringify(recipe) })).json()
  };

  // ../explorer/explorer.js
  start(server);
})();
