// Light, dark, or as the system has it; the choice is kept.

import { redrawAll } from "../charts/drawing.js";
import { at } from "./dom.js";

const KEY = "lanewise-playground-theme";
const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const LABELS: Readonly<Record<Theme, string>> = { auto: "as the system has them", light: "light", dark: "dark" };

export function startTheme(): void {
  let theme: Theme = kept();
  const button = at("theme");
  const apply = () => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.setAttribute("aria-label", `Colours: ${LABELS[theme]}`);
    button.title = `Colours: ${LABELS[theme]}`;
    redrawAll();
  };
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
    keep(theme);
    apply();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
  apply();
}

/** A browser may refuse to keep anything. */
function kept(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? "auto";
  } catch {
    return "auto";
  }
}

function keep(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // then it is chosen anew the next time
  }
}
