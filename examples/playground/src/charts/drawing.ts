// A canvas that is drawn anew when its figures, its size or the colours change: one canvas a frame, so that a page on which
// all of them change at once stays fluent.

/** What a chart is drawn with, in CSS pixels. */
export interface Pen {
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly colour: Colours;
}

const NAMES = [
  "ground",
  "raised",
  "sunken",
  "ink",
  "faint",
  "line",
  "edge",
  "good",
  "error",
  "c0",
  "c1",
  "c2",
] as const;
export type Colours = Readonly<Record<(typeof NAMES)[number], string>>;

export const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

const waiting = new Set<Drawing>();
const all = new Set<Drawing>();
let colours: Colours | undefined;
let atOnce = false;

export class Drawing {
  readonly canvas: HTMLCanvasElement;
  /** Follows a hand: it does not wait for others. */
  readonly urgent: boolean;
  readonly #draw: (pen: Pen) => void;

  constructor(canvas: HTMLCanvasElement, draw: (pen: Pen) => void, { urgent = false } = {}) {
    this.canvas = canvas;
    this.urgent = urgent;
    this.#draw = draw;
    all.add(this);
    new ResizeObserver(() => this.invalidate()).observe(canvas);
  }

  /** To be drawn in the next frame. */
  invalidate(): void {
    if (waiting.size === 0) requestAnimationFrame(drawWaiting);
    waiting.add(this);
  }

  /** @internal */
  paint(colour: Colours): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (width === 0 || height === 0) return;
    const ratio = devicePixelRatio;
    const [pixelsWide, pixelsHigh] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== pixelsWide) this.canvas.width = pixelsWide;
    if (this.canvas.height !== pixelsHigh) this.canvas.height = pixelsHigh;
    const context = this.canvas.getContext("2d")!;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = FONT;
    this.#draw({ context, width, height, colour });
  }
}

/** After the colours have changed. */
export function redrawAll(): void {
  colours = undefined;
  atOnce = true;
  for (const drawing of all) drawing.invalidate();
}

function drawWaiting(): void {
  colours ??= readColours();
  const [first] = waiting;
  for (const drawing of [...waiting].filter((own) => atOnce || own.urgent || own === first)) {
    waiting.delete(drawing);
    drawing.paint(colours);
  }
  atOnce = false;
  if (waiting.size > 0) requestAnimationFrame(drawWaiting);
}

/** As they come out in the colour scheme that is in force. */
function readColours(): Colours {
  const probe = document.createElement("i");
  document.body.append(probe);
  const resolved = NAMES.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(resolved) as Colours;
}

/** Three numbers from 0 to 255, of "rgb(0, 114, 178)". */
export function channels(colour: string): [red: number, green: number, blue: number] {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return colour.startsWith("color(") ? [red * 255, green * 255, blue * 255] : [red, green, blue];
}
