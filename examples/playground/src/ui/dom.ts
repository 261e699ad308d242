// Elements, made in one call each.

type Attributes = Readonly<Record<string, string | number | boolean | ((event: never) => void) | undefined>>;
type Child = Node | string;

/**
 * h("button", { type: "button", onclick: go }, "Go"). Functions listen, `true` and `false` set or leave out an attribute, and
 * all text is text: nothing here is ever read as HTML.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value as EventListener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/** The element of the page with this id. */
export function at<E extends HTMLElement = HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element "${id}".`);
  return element as E;
}

/** Only where it is another: what reads a page aloud would hear of it again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Figures as a reader wants them: three digits. */
export function figure(value: number | undefined): string {
  if (value === undefined) return "–";
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const exponential = size !== 0 && (size < 1e-4 || size >= 1e5);
  const digits = size >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
  return (exponential ? value.toExponential(1).replace("e+", "e") : digits).replace(/-/g, "−");
}

/** 0.978 → "97.8 %" */
export function percent(share: number | undefined, digits = 1): string {
  return share === undefined || Number.isNaN(share) ? "–" : `${(share * 100).toFixed(digits)} %`;
}

/** A table behind a summary, its rows made when it is opened. */
export function figuresTable(
  titles: () => readonly string[],
  rows: () => readonly (readonly string[])[],
): HTMLDetailsElement {
  const place = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Figures" });
  const details = h("details", {}, h("summary", {}, "Figures"), place);
  const fill = () => {
    const head = h("tr", {}, ...titles().map((title) => h("th", { scope: "col" }, title)));
    const body = rows().map((cells) => h("tr", {}, ...cells.map((cell) => h("td", {}, cell))));
    place.replaceChildren(h("table", {}, h("thead", {}, head), h("tbody", {}, ...body)));
  };
  details.addEventListener("toggle", () => details.open && fill());
  return details;
}
