// What the network says: over the plane, as a table of classes, or number by number.

import { Pixels } from "../charts/pixels.js";
import { Plane } from "../charts/plane.js";
import { Scatter } from "../charts/scatter.js";
import type { About, ClassView, View } from "../worker/messages.js";
import { at, h, setText } from "./dom.js";

interface Panel {
  readonly elements: readonly HTMLElement[];
  readonly show: (view: never) => void;
}

export class AnswersPanel {
  readonly #section = at("view");
  #panel: Panel | undefined;

  begin(about: About): void {
    this.#panel =
      about.kind === "points" ? planeOf(about) : about.classes.length > 0 ? classesOf(about) : numbersOf(about);
    this.#section.replaceChildren(...this.#panel.elements);
  }

  show(view: View): void {
    this.#panel?.show(view as never);
  }
}

function headOf(title: string, ...beside: readonly HTMLElement[]): HTMLElement {
  return h("div", { class: "head" }, h("h2", { id: "view-title" }, title), ...beside);
}

function planeOf({ points, classes }: About): Panel {
  const label = `The plane, coloured by the class that the network tells each place to be of; points of ${classes.join(" and ")} over it. The figures are beside.`;
  const canvas = h("canvas", { class: "square", role: "img", "aria-label": label });
  const plane = new Plane(canvas);
  plane.showPoints(points);
  const legend = h(
    "ul",
    { class: "legend" },
    h("li", {}, h("i", { class: "block s0" }), "training"),
    h("li", {}, h("i", { class: "ring s0" }), "validation"),
  );
  return { elements: [headOf("What it says over the plane", legend), canvas], show: (view) => plane.show(view) };
}

/** Validation rows by what they are and what they were told to be; the share of its row is a cell's colour. */
function classesOf({ classes, images }: About): Panel {
  const cells = classes.map(() => classes.map(() => h("td", {})));
  const rows = cells.map((row, i) => h("tr", {}, h("th", { scope: "row", title: classes[i]! }, classes[i]!), ...row));
  const titles = classes.map((name) => h("th", { scope: "col", title: name }, name));
  const table = h(
    "table",
    { class: "confusion" },
    h("caption", {}, "Each row: those of one class, by what they were told to be. On the diagonal is what is right."),
    h("thead", {}, h("tr", {}, h("td", {}), ...titles)),
    h("tbody", {}, ...rows),
  );
  const examples = images ? new Examples(images) : undefined;
  const show = (view: ClassView) => {
    cells.forEach((row, label) => {
      const counts = row.map((_, told) => view.confusion[label * classes.length + told]!);
      const total = counts.reduce((sum, count) => sum + count, 0);
      row.forEach((cell, told) => showCell(cell, counts[told]!, total, told === label));
    });
    examples?.show(view.examples);
  };
  const elements = [headOf("What it says on rows it has not seen"), h("div", {}, table)];
  return { elements: examples ? [...elements, examples.element] : elements, show };
}

function showCell(cell: HTMLElement, count: number, total: number, right: boolean): void {
  setText(cell, count === 0 ? "" : String(count));
  const share = total > 0 ? count / total : 0;
  cell.style.setProperty("--heat", share.toFixed(2));
  cell.className = right ? "s0" : "s1";
}

/** Images with what they were read as. */
class Examples {
  readonly element = h("ul", { class: "examples", "aria-label": "Some of them, and what they are read as" });
  readonly #images: Uint8Array;
  #items: { row: number; pixels: Pixels; caption: HTMLElement }[] = [];

  constructor(images: Uint8Array) {
    this.#images = images;
  }

  show(examples: ClassView["examples"]): void {
    while (this.#items.length < examples.length) {
      const [canvas, caption] = [h("canvas", { "aria-hidden": "true" }), h("span", {})];
      this.element.append(h("li", {}, canvas, caption));
      this.#items.push({ row: -1, pixels: new Pixels(canvas), caption });
    }
    examples.forEach(({ row, label, told }, i) => {
      const item = this.#items[i]!;
      if (item.row !== row) item.pixels.show(this.#images.subarray(row * 64, (row + 1) * 64));
      item.row = row;
      setText(item.caption, told === label ? String(told) : `${told}\nis ${label}`);
      item.caption.className = told === label ? "" : "wrong";
    });
  }
}

function numbersOf({ target }: About): Panel {
  const name = target?.name ?? "the target";
  const label = `Predictions of ${name} against what was measured: the nearer to the diagonal, the better. The figures are beside.`;
  const canvas = h("canvas", { class: "square", role: "img", "aria-label": label });
  const scatter = new Scatter(canvas);
  const note = h("p", { class: "note" }, `${name}: across, what it is; up, what it was told to be.`);
  return {
    elements: [headOf("What it says on rows it has not seen"), canvas, note],
    show: (view) => scatter.show(view),
  };
}
