// What every page has: the colours' button, its age, buttons that copy, pictures.

import { around, within } from "./elements.js";
import { store } from "./store.js";
import { counted } from "./words.js";

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Connect what every page has. */
export function connectDocument() {
  connectTheme();
  connectAge();
  document.addEventListener("click", (event) => {
    const button = around(event, ".copy");
    if (button) copyText(button);
  });
}

/** @param {HTMLElement} button */
async function copyText(button) {
  const code = within(button.parentElement ?? document, "code, pre");
  try {
    await navigator.clipboard.writeText(code.textContent ?? "");
    button.textContent = "copied";
  } catch {
    // A browser may refuse the clipboard to a page from disk: select the text instead.
    getSelection()?.selectAllChildren(code);
    button.textContent = "selected";
  }
  setTimeout(() => {
    button.textContent = "copy";
  }, 1500);
}

/** Connect the button that changes between light and dark, where the page has one. */
export function connectTheme() {
  const button = document.getElementById("theme");
  if (!button) return;
  const root = document.documentElement;
  const isDark = () => root.dataset.theme === "dark" || (!root.dataset.theme && dark.matches);
  const show = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-pressed", String(isDark()));
  };
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    root.dataset.theme = theme;
    try {
      localStorage.setItem("lab-theme", theme);
    } catch {
      // Without storage the choice holds for this page only.
    }
    show();
  });
  dark.addEventListener("change", show);
  show();
}

/** How old the page is, kept up to date while it is open. */
function connectAge() {
  const element = document.getElementById("age");
  if (!element) return;
  const made = new Date(element.dataset.made ?? "").getTime();
  const show = () => {
    const minutes = Math.max(0, Math.round((Date.now() - made) / 60_000));
    element.textContent = minutes ? `${ageText(minutes)} ago` : "just now";
  };
  show();
  setInterval(show, 30_000);
}

/** @param {number} minutes */
function ageText(minutes) {
  if (minutes < 120) return counted(minutes, "minute");
  if (minutes < 2880) return counted(Math.round(minutes / 60), "hour");
  return counted(Math.round(minutes / 1440), "day");
}

/** Fill the pictures that Python placed: each is in the page once, however often it is shown. */
export function showPictures() {
  for (const image of document.querySelectorAll("img[data-picture]:not([src])")) {
    image.setAttribute("src", store.pictures[image.getAttribute("data-picture") ?? ""]);
  }
}
