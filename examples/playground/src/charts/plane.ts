// What the network says over the plane, and the points that it learns from.

import type { About, PlaneView } from "../worker/messages.js";
import { channels, type Colours, Drawing, type Pen } from "./drawing.js";

/** Of the colour of a class, so that points stand out from the ground. */
const GROUND_SHARE = 0.5;

export class Plane {
  readonly #drawing: Drawing;
  readonly #field = document.createElement("canvas");
  /** The points, drawn once for a size and colours: there are hundreds, and the field changes twenty times a second. */
  readonly #dots = document.createElement("canvas");
  #dotted = "";
  #view: PlaneView | undefined;
  #points: About["points"];

  constructor(canvas: HTMLCanvasElement) {
    this.#drawing = new Drawing(canvas, (pen) => this.#draw(pen));
  }

  showPoints(points: About["points"]): void {
    this.#points = points;
    this.#dotted = "";
    this.#drawing.invalidate();
  }

  show(view: PlaneView): void {
    this.#view = view;
    this.#drawing.invalidate();
  }

  #draw({ context, width, height, colour }: Pen): void {
    const view = this.#view;
    if (!view) return;
    const { canvas } = this.#drawing;
    const dotted = [canvas.width, canvas.height, colour.c0].join();
    if (dotted !== this.#dotted) {
      [this.#dots.width, this.#dots.height] = [canvas.width, canvas.height];
      const dots = this.#dots.getContext("2d")!;
      dots.setTransform(context.getTransform());
      this.#drawDots({ context: dots, width, height, colour }, view.reach);
      this.#dotted = dotted;
    }
    paintField(this.#field, view, colour);
    context.imageSmoothingQuality = "high";
    context.drawImage(this.#field, 0, 0, width, height);
    context.drawImage(this.#dots, 0, 0, width, height);
  }

  #drawDots({ context, width, height, colour }: Pen, reach: number): void {
    const { x, y, trainRows } = this.#points ?? { x: [], y: [], trainRows: 0 };
    const radius = Math.max(2.5, width / 130);
    for (let i = 0; i < y.length; i++) {
      const px = ((x[i * 2]! / reach + 1) / 2) * width;
      const py = ((1 - x[i * 2 + 1]! / reach) / 2) * height;
      context.beginPath();
      context.arc(px, py, radius, 0, 7);
      const own = [colour.c0, colour.c1, colour.c2][y[i]!]!;
      context.lineWidth = 1.25;
      context.fillStyle = i < trainRows ? own : colour.raised;
      context.strokeStyle = i < trainRows ? colour.raised : own;
      context.fill();
      context.stroke();
    }
  }
}

/** One pixel a point: the classes' colours, each by its probability. */
function paintField(field: HTMLCanvasElement, { size, shares }: PlaneView, colour: Colours): void {
  const classes = [colour.c0, colour.c1, colour.c2].map(channels);
  const ground = channels(colour.raised);
  field.width = field.height = size;
  const context = field.getContext("2d")!;
  const image = context.createImageData(size, size);
  const count = shares.length / (size * size);
  for (let at = 0; at < size * size; at++) {
    for (let channel = 0; channel < 3; channel++) {
      let mixed = 0;
      for (let label = 0; label < count; label++)
        mixed += (shares[label * size * size + at]! / 255) * classes[label]![channel]!;
      image.data[at * 4 + channel] = ground[channel]! + GROUND_SHARE * (mixed - ground[channel]!);
    }
    image.data[at * 4 + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}
