// Before anything is painted: the colours that the reader chose the last time, if any.
try {
  const chosen = localStorage.getItem("lab-theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch {
  // A page from disk may have no storage: the system's setting holds.
}
