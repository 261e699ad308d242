// A digit drawn by hand, pen or keys, and what the network takes it for.

import { pixelsOf, type Point } from "../data/bitmap.js";
import { Drawing, type Pen } from "../charts/drawing.js";
import { drawPixels, Pixels } from "../charts/pixels.js";
import { at, h, percent, setText } from "./dom.js";

/** How far an arrow key moves the pen, of the pad's side. */
const KEY_STEP = 1 / 24;
const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-KEY_STEP, 0],
  ArrowRight: [KEY_STEP, 0],
  ArrowUp: [0, -KEY_STEP],
  ArrowDown: [0, KEY_STEP],
};
const NOTHING = "Nothing drawn yet";
const WRITERS = "Those who wrote its digits cross their sevens.";
const HELP = "Arrow keys move the pen, space puts it down or lifts it, delete clears.";

export class DigitPad {
  readonly #section = at("draw");
  readonly #drawing: Drawing;
  readonly #seen: Pixels;
  readonly #bars: readonly { row: HTMLElement; bar: HTMLElement; share: HTMLElement }[];
  readonly #answer = h("p", { class: "verdict", id: "answer" }, NOTHING);
  readonly #onPixels: (pixels: Uint8Array) => void;
  /** In parts of the pad's side. */
  #strokes: Point[][] = [];
  #pixels: Uint8Array | undefined;
  #images: Uint8Array | undefined;
  #next = 0;
  #pen: { at: Point; down: boolean } | undefined;

  constructor(onPixels: (pixels: Uint8Array) => void) {
    this.#onPixels = onPixels;
    const pad = h("canvas", {
      class: "pad",
      tabindex: 0,
      role: "application",
      "aria-label": `Drawing pad. ${HELP}`,
      onpointerdown: (event: PointerEvent) => this.#down(event),
      onpointermove: (event: PointerEvent) => this.#move(event),
      onkeydown: (event: KeyboardEvent) => this.#key(event),
      onfocus: () => this.#drawing.invalidate(),
      onblur: () => this.#lift(),
    });
    const seen = h("canvas", {
      class: "seen",
      role: "img",
      "aria-label": "The digit in 8 by 8 pixels, as the network sees it",
    });
    this.#drawing = new Drawing(pad, (pen) => this.#draw(pen), { urgent: true });
    this.#seen = new Pixels(seen);
    this.#bars = Array.from({ length: 10 }, (_, digit) => {
      const [bar, share] = [h("i", { "aria-hidden": "true" }), h("span", {}, "–")];
      bar.style.setProperty("--share", "0");
      return { row: h("li", {}, h("span", {}, String(digit)), h("span", { class: "track" }, bar), share), bar, share };
    });
    const clear = h("button", { type: "button", class: "small", id: "clear", onclick: () => this.clear() }, "Clear");
    const another = h(
      "button",
      { type: "button", class: "small", onclick: () => this.#showImage() },
      "Take one it has not seen",
    );
    this.#section.append(
      h("div", { class: "head" }, h("h2", { id: "draw-title" }, "Draw a digit"), h("p", { class: "note" }, HELP)),
      h(
        "div",
        { class: "drawing" },
        h("div", {}, pad, h("div", { class: "row" }, clear, another)),
        h("div", {}, h("p", { class: "note" }, "What it sees"), seen, h("p", { class: "note below" }, WRITERS)),
        h("div", {}, this.#answer, h("ul", { class: "bars" }, ...this.#bars.map(({ row }) => row))),
      ),
    );
  }

  /** @param images Of the validation; none where the data are no digits. */
  begin(images: Uint8Array | undefined): void {
    this.#images = images;
    this.#section.hidden = images === undefined;
    this.ask();
  }

  /** Again, since the network has become another. */
  ask(): void {
    if (this.#images && this.#pixels) this.#onPixels(this.#pixels);
  }

  show(probabilities: Float32Array): void {
    if (!this.#pixels || probabilities.length !== this.#bars.length) return;
    const most = probabilities.indexOf(Math.max(...probabilities));
    this.#bars.forEach(({ row, bar, share }, digit) => {
      row.className = digit === most ? "most" : "";
      bar.style.setProperty("--share", String(probabilities[digit] ?? 0));
      setText(share, percent(probabilities[digit]));
    });
    setText(this.#answer, `It reads a ${most}.`);
  }

  clear(): void {
    this.#strokes = [];
    this.#pixels = undefined;
    this.#pen = undefined;
    this.#seen.show([]);
    for (const { row, bar, share } of this.#bars) {
      row.className = "";
      bar.style.setProperty("--share", "0");
      setText(share, "–");
    }
    setText(this.#answer, NOTHING);
    this.#drawing.invalidate();
  }

  #showImage(): void {
    const images = this.#images;
    if (!images) return;
    this.clear();
    this.#next = (this.#next + 37) % (images.length / 64); // not the neighbour: one of another class, mostly
    this.#recognize(images.slice(this.#next * 64, (this.#next + 1) * 64));
  }

  #recognize(pixels: Uint8Array): void {
    this.#pixels = pixels;
    this.#seen.show(pixels);
    this.#onPixels(pixels);
    this.#drawing.invalidate();
  }

  #extended(): void {
    this.#recognize(pixelsOf(this.#strokes));
  }

  #down(event: PointerEvent): void {
    this.#pen = undefined;
    if (this.#strokes.length === 0) this.clear();
    this.#drawing.canvas.setPointerCapture(event.pointerId);
    this.#strokes.push([this.#place(event)]);
    this.#extended();
  }

  #move(event: PointerEvent): void {
    if (!this.#drawing.canvas.hasPointerCapture(event.pointerId)) return;
    // Of a fast hand, the points between two frames too.
    const events = event.getCoalescedEvents?.() ?? [];
    this.#strokes.at(-1)!.push(...(events.length > 0 ? events : [event]).map((one) => this.#place(one)));
    this.#extended();
  }

  #place({ clientX, clientY }: PointerEvent): Point {
    const { left, top, width, height } = this.#drawing.canvas.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  }

  #key(event: KeyboardEvent): void {
    const { key } = event;
    const pen = (this.#pen ??= { at: [0.5, 0.2], down: false });
    const arrow = ARROWS[key];
    if (key === "Delete" || key === "Backspace") this.clear();
    else if (key === " ") {
      pen.down = !pen.down;
      if (pen.down) {
        if (this.#strokes.length === 0) this.#pixels = undefined;
        this.#strokes.push([pen.at]);
        this.#extended();
      }
    } else if (arrow) {
      const inside = (value: number) => Math.min(1, Math.max(0, value));
      pen.at = [inside(pen.at[0] + arrow[0]), inside(pen.at[1] + arrow[1])];
      if (pen.down) {
        this.#strokes.at(-1)!.push(pen.at);
        this.#extended();
      }
    } else return;
    event.preventDefault();
    this.#drawing.invalidate();
  }

  #lift(): void {
    if (this.#pen) this.#pen.down = false;
    this.#drawing.invalidate();
  }

  #draw(pen: Pen): void {
    const { context, width, height, colour } = pen;
    if (this.#strokes.length === 0 && this.#pixels) drawPixels(pen, this.#pixels);
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = width / 12;
    context.strokeStyle = colour.ink;
    for (const stroke of this.#strokes) {
      context.beginPath();
      stroke.forEach(([x, y], i) =>
        i === 0 ? context.moveTo(x * width, y * height) : context.lineTo(x * width, y * height),
      );
      if (stroke.length === 1) context.lineTo(stroke[0]![0] * width + 0.01, stroke[0]![1] * height);
      context.stroke();
    }
    if (this.#pen && document.activeElement === this.#drawing.canvas) {
      const { at: place, down } = this.#pen;
      context.beginPath();
      context.arc(place[0] * width, place[1] * height, width / 24, 0, 7);
      context.lineWidth = 2;
      context.strokeStyle = colour.c0;
      context.stroke();
      if (down) {
        context.fillStyle = colour.c0;
        context.fill();
      }
    } else if (this.#strokes.length === 0 && !this.#pixels) {
      context.fillStyle = colour.faint;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillText("Draw here", width / 2, height / 2);
    }
  }
}
