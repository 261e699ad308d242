// Predicted against measured: what is right lies on the diagonal.

import { figure } from "../ui/dom.js";
import type { NumberView } from "../worker/messages.js";
import { linear } from "./axes.js";
import { Drawing, type Pen } from "./drawing.js";

const LEFT = 52;
const RIGHT = 10;
const TOP = 10;
const BOTTOM = 24;

export class Scatter {
  readonly #drawing: Drawing;
  #view: NumberView | undefined;

  constructor(canvas: HTMLCanvasElement) {
    this.#drawing = new Drawing(canvas, (pen) => this.#draw(pen));
  }

  show(view: NumberView): void {
    this.#view = view;
    this.#drawing.invalidate();
  }

  #draw({ context, width, height, colour }: Pen): void {
    if (!this.#view) return;
    const { wanted, told } = this.#view;
    const [low, high] = [Math.min(...wanted), Math.max(...wanted)];
    const axis = linear(low, high, figure, 4);
    const inside = (value: number) => Math.min(1.02, Math.max(-0.02, axis.place(value)));
    const across = (value: number) => LEFT + inside(value) * (width - LEFT - RIGHT);
    const up = (value: number) => height - BOTTOM - inside(value) * (height - TOP - BOTTOM);
    context.strokeStyle = colour.line;
    context.fillStyle = colour.faint;
    context.lineWidth = 1;
    for (const { at, label } of axis.ticks) {
      context.beginPath();
      context.moveTo(LEFT, up(at));
      context.lineTo(width - RIGHT, up(at));
      context.stroke();
      context.textAlign = "right";
      context.textBaseline = "middle";
      context.fillText(label, LEFT - 8, up(at));
      context.textAlign = "center";
      context.textBaseline = "alphabetic";
      context.fillText(label, across(at), height - 6);
    }
    context.strokeStyle = colour.edge;
    context.setLineDash([6, 4]);
    context.beginPath();
    context.moveTo(across(low), up(low));
    context.lineTo(across(high), up(high));
    context.stroke();
    context.setLineDash([]);
    context.fillStyle = colour.c0;
    context.globalAlpha = 0.65;
    told.forEach((value, i) => {
      context.beginPath();
      context.arc(across(wanted[i]!), up(Number.isFinite(value) ? value : low), 3, 0, 7);
      context.fill();
    });
    context.globalAlpha = 1;
  }
}
