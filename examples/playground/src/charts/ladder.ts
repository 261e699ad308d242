// From layer to layer: the norm of the gradient over a logarithmic axis, and below it the shares of dead and saturated units.

import type { LayerFigures } from "../worker/messages.js";
import { linear, logarithmic } from "./axes.js";
import { Drawing, type Pen } from "./drawing.js";

const LEFT = 46;
const RIGHT = 8;
const TOP = 10;
const NAMES = 22;
/** Of the height, for the shares. */
const SHARES = 0.3;
const GAP = 18;

export class Ladder {
  readonly #drawing: Drawing;
  #layers: readonly LayerFigures[] = [];

  constructor(canvas: HTMLCanvasElement) {
    this.#drawing = new Drawing(canvas, (pen) => this.#draw(pen));
  }

  show(layers: readonly LayerFigures[]): void {
    this.#layers = layers;
    this.#drawing.invalidate();
  }

  #draw(pen: Pen): void {
    const { width, height } = pen;
    const layers = this.#layers;
    if (layers.length === 0) return drawNothing(pen);
    const lane = (width - LEFT - RIGHT) / layers.length;
    const middle = (i: number) => LEFT + (i + 0.5) * lane;
    const foot = height - NAMES;
    const shares = (foot - TOP) * SHARES;
    drawNorms(pen, layers, middle, { top: TOP, bottom: foot - shares - GAP });
    drawShares(pen, layers, middle, { top: foot - shares, bottom: foot, lane });
    drawNames(pen, layers, middle, lane);
  }
}

type Middle = (layer: number) => number;

function drawNorms(
  { context, width, colour }: Pen,
  layers: readonly LayerFigures[],
  middle: Middle,
  { top, bottom }: { top: number; bottom: number },
): void {
  const norms = layers.map(({ gradientNorm }) => gradientNorm ?? 0).filter((norm) => norm > 0 && Number.isFinite(norm));
  const axis = norms.length === 0 ? logarithmic(0.1, 1) : logarithmic(Math.min(...norms), Math.max(...norms));
  const up = (value: number) => bottom - axis.place(value) * (bottom - top);
  drawTicks({ context, width, colour }, axis.ticks.map(({ at, label }) => [up(at), label] as const)); // prettier-ignore
  const points = layers.flatMap(({ gradientNorm: norm = 0 }, i) => {
    return norm > 0 && Number.isFinite(norm) ? [[middle(i), up(norm)] as const] : [];
  });
  context.strokeStyle = colour.c0;
  context.fillStyle = colour.c0;
  context.lineWidth = 2;
  context.beginPath();
  points.forEach(([x, y], i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
  context.stroke();
  for (const [x, y] of points) {
    context.beginPath();
    context.arc(x, y, 4, 0, 7);
    context.fill();
  }
}

function drawShares(
  { context, width, colour }: Pen,
  layers: readonly LayerFigures[],
  middle: Middle,
  { top, bottom, lane }: { top: number; bottom: number; lane: number },
): void {
  const axis = linear(0, 1, (share) => `${share * 100} %`, 2);
  const up = (share: number) => bottom - axis.place(share) * (bottom - top);
  drawTicks({ context, width, colour }, axis.ticks.map(({ at, label }) => [up(at), label] as const)); // prettier-ignore
  const bar = Math.max(2, Math.min(14, lane * 0.3));
  layers.forEach(({ dead, saturated }, i) => {
    for (const [share, fill, left] of [
      [dead, colour.c1, -bar - 1],
      [saturated, colour.c2, 1],
    ] as const) {
      if (!share) continue;
      context.fillStyle = fill;
      context.fillRect(middle(i) + left, up(share), bar, bottom - up(share));
    }
  });
}

function drawTicks(
  { context, width, colour }: Pick<Pen, "context" | "width" | "colour">,
  ticks: readonly (readonly [y: number, label: string])[],
): void {
  context.strokeStyle = colour.line;
  context.fillStyle = colour.faint;
  context.lineWidth = 1;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const [y, label] of ticks) {
    const at = Math.round(y) + 0.5;
    context.beginPath();
    context.moveTo(LEFT, at);
    context.lineTo(width - RIGHT, at);
    context.stroke();
    context.fillText(label, LEFT - 8, at);
  }
}

/** Numbers, and the output by its name; where lanes are narrow, some of them. */
function drawNames(
  { context, height, colour }: Pen,
  layers: readonly LayerFigures[],
  middle: Middle,
  lane: number,
): void {
  context.fillStyle = colour.faint;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  const stride = Math.ceil(20 / lane);
  layers.forEach((_, i) => {
    const last = i === layers.length - 1;
    if (last) context.fillText(lane > 44 ? "output" : "out", middle(i), height - 4);
    else if (i % stride === 0) context.fillText(String(i + 1), middle(i), height - 4);
  });
}

function drawNothing({ context, width, height, colour }: Pen): void {
  context.fillStyle = colour.faint;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText("Its layers are seen once it trains.", width / 2, height / 2);
}
