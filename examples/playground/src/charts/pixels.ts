import { channels, Drawing, type Pen } from "./drawing.js";

const SIDE = 8;
const MOST = 16;

/** An image of 8 × 8 pixels from 0 to 16, as ink on the ground. */
export class Pixels {
  readonly #drawing: Drawing;
  #values: ArrayLike<number> = [];

  constructor(canvas: HTMLCanvasElement) {
    this.#drawing = new Drawing(canvas, (pen) => drawPixels(pen, this.#values));
  }

  show(values: ArrayLike<number>): void {
    this.#values = values;
    this.#drawing.invalidate();
  }
}

export function drawPixels({ context, width, height, colour }: Pen, values: ArrayLike<number>): void {
  const [ground, ink] = [channels(colour.sunken), channels(colour.ink)];
  for (let i = 0; i < SIDE * SIDE; i++) {
    const share = (values[i] ?? 0) / MOST;
    const mixed = ground.map((from, channel) => Math.round(from + share * (ink[channel]! - from)));
    context.fillStyle = `rgb(${mixed.join(" ")})`;
    const [column, row] = [i % SIDE, Math.floor(i / SIDE)];
    const [left, right] = [column, column + 1].map((at) => Math.round((at * width) / SIDE)) as [number, number];
    const [top, bottom] = [row, row + 1].map((at) => Math.round((at * height) / SIDE)) as [number, number];
    context.fillRect(left, top, right - left, bottom - top);
  }
}
