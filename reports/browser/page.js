// The page as a whole: theme, age, pictures, copying, printing, and the order of its start.

async function copyText(button) {
  const code = button.parentElement.querySelector("code, pre");
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "copied";
  } catch {
    // A page from disk may not be trusted with the clipboard: select the text instead.
    getSelection().selectAllChildren(code);
    button.textContent = "selected";
  }
  setTimeout(() => { button.textContent = "copy"; }, 1500);
}

function connectTheme() {
  const button = document.getElementById("theme");
  if (!button) return;
  const root = document.documentElement;
  const isDark = () => root.dataset.theme === "dark"
    || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  const show = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-pressed", String(isDark()));
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("lab-theme", root.dataset.theme);
    } catch {
      // Without storage the choice holds for this page only.
    }
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}

// How old the page is, kept up to date while it is open.
function connectAge() {
  const place = document.getElementById("age");
  if (!place) return;
  const made = new Date(place.dataset.made);
  const show = () => {
    const minutes = Math.max(0, Math.round((Date.now() - made) / 60_000));
    const [count, unit] = minutes < 120 ? [minutes, "minute"]
      : minutes < 2880 ? [Math.round(minutes / 60), "hour"] : [Math.round(minutes / 1440), "day"];
    place.textContent = count ? `${count} ${unit}${count === 1 ? "" : "s"} ago` : "just now";
  };
  show();
  setInterval(show, 30_000);
}

function showPictures(root = document) {
  for (const image of root.querySelectorAll("img[data-picture]:not([src])")) {
    image.src = store.pictures[image.dataset.picture];
  }
}

async function start() {
  connectTheme();
  connectAge();
  document.addEventListener("click", (event) => {
    const button = event.target.closest(".copy");
    if (button) copyText(button);
  });
  if (document.getElementById("store")) await startStudy();
  else connectPanels();
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  await Promise.all(panels.filter((panel) => panel.visible).map(drawPanel));
  document.documentElement.dataset.ready = "true";
  addEventListener("beforeprint", () => {
    document.querySelectorAll(".js-plotly-plot").forEach((frame) => Plotly.Plots.resize(frame));
  });
  drawTheRest();
}

async function startStudy() {
  await readStore();
  showPictures();
  connectPanels();
  connectFilter();
  connectKeys();
  for (const starter of STARTERS) await starter();
  connectAddress();
}

start();
