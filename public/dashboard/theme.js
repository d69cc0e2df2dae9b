import { byId } from "./format.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const KEY = "scc-dashboard-theme";

/** Light or dark as the system has it, or as it was chosen here. */
export function watchTheme(changed) {
  const chosen = localStorage.getItem(KEY);
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  const show = () => {
    byId("theme").textContent = current() === "dark" ? "☀" : "☾";
    byId("theme").title = current() === "dark" ? "Light" : "Dark";
    changed();
  };
  byId("theme").addEventListener("click", () => {
    const next = current() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem(KEY, next);
    show();
  });
  dark.addEventListener("change", show);
  show();
}

function current() {
  return document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
}

/** A colour of the style sheet, as it is now. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
