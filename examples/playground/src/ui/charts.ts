// Loss and accuracy over the epochs, and the layers: each with its figures as a table.

import { Ladder } from "../charts/ladder.js";
import { LineChart } from "../charts/lines.js";
import type { About, Course, LayerFigures } from "../worker/messages.js";
import { at, figure, figuresTable, h, percent, setText } from "./dom.js";

const ROWS = 200;

function legendOf(...entries: readonly (readonly [swatch: string, label: string])[]): HTMLElement {
  return h(
    "ul",
    { class: "legend" },
    ...entries.map(([swatch, label]) => h("li", {}, h("i", { class: swatch }), label)),
  );
}

/** What is measured beside the loss. */
interface Measure {
  readonly name: "accuracy" | "r2Score";
  readonly label: string;
  readonly told: (value: number | undefined) => string;
}

export function measureOf({ classes }: Pick<About, "classes">): Measure {
  return classes.length > 0
    ? { name: "accuracy", label: "Accuracy", told: (value) => percent(value) }
    : { name: "r2Score", label: "R²", told: figure };
}

export class CoursePanel {
  readonly #loss: LineChart;
  readonly #other: LineChart;
  readonly #canvases: readonly [HTMLCanvasElement, HTMLCanvasElement];
  readonly #title = h("p", { class: "subhead" });
  #measure: Measure = measureOf({ classes: ["0", "1"] });
  #course: Course = { epochs: [], figures: {} };

  constructor() {
    const canvas = () => h("canvas", { class: "chart", role: "img" });
    this.#canvases = [canvas(), canvas()];
    const legend = legendOf(["s0", "training"], ["s1 dashed", "validation"]);
    const table = figuresTable(
      () => ["Epoch", "Loss", "validation", this.#measure.label, "validation"],
      () => this.#rows(),
    );
    at("course").append(
      h("div", { class: "head" }, h("h2", { id: "course-title" }, "Learning"), legend),
      h("p", { class: "subhead" }, "Loss"),
      this.#canvases[0],
      this.#title,
      this.#canvases[1],
      table,
    );
    this.#loss = new LineChart(this.#canvases[0]);
    this.#other = new LineChart(this.#canvases[1]);
  }

  begin(about: About): void {
    this.#measure = measureOf(about);
    setText(this.#title, this.#measure.label);
  }

  show(course: Course): void {
    this.#course = course;
    const { name, label, told } = this.#measure;
    const linesOf = (key: string) => ({
      x: course.epochs,
      training: course.figures[key] ?? [],
      validation: course.figures[`val_${key}`] ?? [],
    });
    this.#loss.show({ ...linesOf("loss"), scale: "log", label: figure });
    this.#other.show({ ...linesOf(name), scale: "share", label: name === "accuracy" ? (v) => percent(v, 0) : figure });
    this.#describe(0, "Loss", "loss", figure);
    this.#describe(1, label, name, told);
  }

  #describe(canvas: 0 | 1, label: string, key: string, told: (value: number | undefined) => string): void {
    const { epochs, figures } = this.#course;
    const last = (name: string) => told(figures[name]?.at(-1));
    const text =
      epochs.length === 0
        ? `${label} by epoch: nothing yet`
        : `${label} by epoch; after ${epochs.at(-1)} epochs ${last(key)} in training, ${last(`val_${key}`)} in validation`;
    this.#canvases[canvas].setAttribute("aria-label", text);
  }

  #rows(): string[][] {
    const { epochs, figures } = this.#course;
    const { name, told } = this.#measure;
    const every = Math.ceil(epochs.length / ROWS);
    return epochs.flatMap((epoch, i) => {
      if (i % every !== 0 && i !== epochs.length - 1) return [];
      const losses = [figures.loss?.[i], figures.val_loss?.[i]].map(figure);
      return [[String(epoch), ...losses, told(figures[name]?.[i]), told(figures[`val_${name}`]?.[i])]];
    });
  }
}

export class LayersPanel {
  readonly #ladder: Ladder;
  readonly #canvas = h("canvas", { class: "tall", role: "img" });
  #layers: readonly LayerFigures[] = [];

  constructor() {
    const legend = legendOf(["s0", "gradient norm"], ["block s1", "dead"], ["block s2", "saturated"]);
    const table = figuresTable(
      () => ["Layer", "Gradient norm", "Dead units", "Saturated outputs"],
      () => this.#layers.map((l) => [l.name, figure(l.gradientNorm), percent(l.dead), percent(l.saturated)]),
    );
    const note =
      "From the input on. A gradient that falls steadily towards the input is vanishing; one that rises, exploding.";
    at("layers").append(
      h("div", { class: "head" }, h("h2", { id: "layers-title" }, "Layer by layer"), legend),
      h("p", { class: "note" }, note),
      this.#canvas,
      table,
    );
    this.#ladder = new Ladder(this.#canvas);
  }

  show(layers: readonly LayerFigures[]): void {
    this.#layers = layers;
    this.#ladder.show(layers);
    const [first, last] = [layers[0], layers.at(-1)];
    const text = first
      ? `Gradient norm from layer to layer: ${figure(first.gradientNorm)} at the first of ${layers.length}, ${figure(last?.gradientNorm)} at the last`
      : "Layers: nothing seen yet";
    this.#canvas.setAttribute("aria-label", text);
  }
}
