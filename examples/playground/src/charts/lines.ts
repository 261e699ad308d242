// Lines over the epochs: of the training drawn through, of the validation dashed.

import { type Axis, linear, logarithmic } from "./axes.js";
import { Drawing, type Pen } from "./drawing.js";

export interface Lines {
  readonly x: readonly number[];
  readonly training: readonly number[];
  readonly validation: readonly number[];
  readonly scale: "log" | "share";
  readonly label: (value: number) => string;
}

const LEFT = 46;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 22;
const DASHES = [6, 4];

export class LineChart {
  readonly #drawing: Drawing;
  #lines: Lines | undefined;
  /** The epoch under the pointer. */
  #at: number | undefined;

  constructor(canvas: HTMLCanvasElement) {
    this.#drawing = new Drawing(canvas, (pen) => this.#draw(pen));
    canvas.addEventListener("pointermove", ({ offsetX }) =>
      this.#point((offsetX - LEFT) / (canvas.clientWidth - LEFT - RIGHT)),
    );
    canvas.addEventListener("pointerleave", () => this.#point(undefined));
  }

  show(lines: Lines): void {
    this.#lines = lines;
    this.#drawing.invalidate();
  }

  #point(share: number | undefined): void {
    this.#at = share;
    this.#drawing.invalidate();
  }

  #draw(pen: Pen): void {
    const lines = this.#lines;
    if (!lines) return;
    const { context, width, height, colour } = pen;
    const x = linear(1, Math.max(2, lines.x.at(-1) ?? 2), String, 6);
    const y = axisOf(lines);
    const across = (value: number) => LEFT + x.place(value) * (width - LEFT - RIGHT);
    const up = (value: number) => height - BOTTOM - y.place(value) * (height - TOP - BOTTOM);
    drawGrid(pen, x, y, { across, up });
    for (const [values, stroke, dashed] of [
      [lines.training, colour.c0, false],
      [lines.validation, colour.c1, true],
    ] as const) {
      context.beginPath();
      let begun = false;
      values.forEach((value, i) => {
        if (!isDrawable(value, lines)) return;
        const [px, py] = [across(lines.x[i]!), up(value)];
        if (begun) context.lineTo(px, py);
        else context.moveTo(px, py);
        begun = true;
      });
      context.strokeStyle = stroke;
      context.lineWidth = 2;
      context.lineJoin = "round";
      context.setLineDash(dashed ? DASHES : []);
      context.stroke();
      context.setLineDash([]);
    }
    this.#drawReading(pen, lines, { across, up });
  }

  /** What the lines say where the pointer is. */
  #drawReading({ context, width, height, colour }: Pen, lines: Lines, { across, up }: Places): void {
    if (this.#at === undefined || lines.x.length === 0) return;
    const wanted = 1 + this.#at * (lines.x.at(-1)! - 1);
    const i = lines.x.reduce((best, x, j) => (Math.abs(x - wanted) < Math.abs(lines.x[best]! - wanted) ? j : best), 0);
    const px = across(lines.x[i]!);
    context.strokeStyle = colour.edge;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(px, TOP);
    context.lineTo(px, height - BOTTOM);
    context.stroke();
    const told = [lines.training[i], lines.validation[i]];
    told.forEach((value, which) => {
      if (value === undefined || !isDrawable(value, lines)) return;
      context.fillStyle = which === 0 ? colour.c0 : colour.c1;
      context.beginPath();
      context.arc(px, up(value), 4, 0, 7);
      context.fill();
    });
    const text = `epoch ${lines.x[i]}: ${told.map((value) => (value === undefined ? "–" : lines.label(value))).join(" · ")}`;
    const wide = context.measureText(text).width;
    const left = Math.min(Math.max(LEFT + 4, px + 8), width - RIGHT - wide - 10);
    context.fillStyle = colour.raised;
    context.fillRect(left - 5, TOP, wide + 10, 18);
    context.fillStyle = colour.ink;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillText(text, left, TOP + 9);
  }
}

interface Places {
  readonly across: (value: number) => number;
  readonly up: (value: number) => number;
}

function axisOf({ training, validation, scale, label }: Lines): Axis {
  if (scale === "share") {
    const least = Math.min(0, ...[...training, ...validation].filter(Number.isFinite));
    return linear(Math.max(-1, least), 1, label, 4);
  }
  const own = [...training, ...validation].filter((value) => Number.isFinite(value) && value > 0);
  return own.length === 0 ? logarithmic(0.1, 10) : logarithmic(Math.min(...own), Math.max(...own));
}

function isDrawable(value: number, { scale }: Lines): boolean {
  return Number.isFinite(value) && (scale === "share" ? value >= -1 : value > 0);
}

function drawGrid({ context, width, height, colour }: Pen, x: Axis, y: Axis, { across, up }: Places): void {
  context.strokeStyle = colour.line;
  context.fillStyle = colour.faint;
  context.lineWidth = 1;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const { at, label } of y.ticks) {
    const py = Math.round(up(at)) + 0.5;
    context.beginPath();
    context.moveTo(LEFT, py);
    context.lineTo(width - RIGHT, py);
    context.stroke();
    context.fillText(label, LEFT - 8, py);
  }
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  for (const { at, label } of x.ticks) {
    if (Number.isInteger(at)) context.fillText(label, Math.min(across(at), width - 12), height - 5);
  }
}
