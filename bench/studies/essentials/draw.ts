// Draws charts side by side as one SVG, light and dark by the reader's preference.

import type { Chart, Line, LineChart, PictureChart, RangeChart, Tone } from "./chart.js";
import type { Figure } from "./experiment.js";
import { median, superscript } from "./numbers.js";
import type { Drawing, PlotLibrary, Scale } from "./plot.js";
import { pictureFile } from "./picture.js";

const WIDTH = 400;
const HEIGHT = 270;
const MARGINS = { marginTop: 34, marginLeft: 58, marginBottom: 40 };
/** Of a letter, on average. */
const LETTER_WIDTH = 6.1;
/** From one label at a line's end to the next one below. */
const LABEL_HEIGHT = 13;

/** Colours that hold their contrast on white and on black, and for most who do not tell red from green. */
const STYLE = `
  svg { background: #fff; color: #59636e; font: 11px system-ui, sans-serif; }
  text { fill: currentColor; }
  .title { font-weight: 600; }
  .stroke-first { stroke: #0b66d0; } .fill-first { fill: #0b66d0; }
  .stroke-second { stroke: #c2410c; } .fill-second { fill: #c2410c; }
  .stroke-third { stroke: #15803d; } .fill-third { fill: #15803d; }
  .stroke-fourth { stroke: #8250df; } .fill-fourth { fill: #8250df; }
  .stroke-faint { stroke: #8c959f; } .fill-faint { fill: #6e7781; }
  .stroke-grid { stroke: #eef1f4; } .stroke-zero { stroke: #b6c0ca; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; color: #9198a1; }
    .stroke-first { stroke: #58a6ff; } .fill-first { fill: #58a6ff; }
    .stroke-second { stroke: #f0883e; } .fill-second { fill: #f0883e; }
    .stroke-third { stroke: #3fb950; } .fill-third { fill: #3fb950; }
    .stroke-fourth { stroke: #bc8cff; } .fill-fourth { fill: #bc8cff; }
    .stroke-faint { stroke: #767e87; } .fill-faint { fill: #9198a1; }
    .stroke-grid { stroke: #1c2128; } .stroke-zero { stroke: #4b535d; }
  }`;

/** The same figure gives the same text. */
export function draw({ charts, alt }: Figure, drawing: Drawing): string {
  const pen = new Pen(drawing);
  const panels = charts.map((chart) => pen.panel(chart));
  const width = panels.reduce((sum, panel) => sum + panel.width, 0);
  const height = Math.max(...panels.map((panel) => panel.height));
  const svg = pen.element("svg", {
    xmlns: "http://www.w3.org/2000/svg",
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": alt,
  });
  let at = 0;
  for (const panel of panels) {
    const group = pen.element("g", { transform: `translate(${at} 0)` });
    group.append(...panel.nodes);
    svg.append(group);
    at += panel.width;
  }
  classesForColours(svg);
  svg.prepend(pen.element("style", {}, STYLE));
  return `${compact(svg.outerHTML)}\n`;
}

interface Panel {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly Element[];
}

class Pen {
  readonly #Plot: PlotLibrary;
  readonly #document: Document;

  constructor({ Plot, document }: Drawing) {
    this.#Plot = Plot;
    this.#document = document;
  }

  panel(chart: Chart): Panel {
    if (chart.kind === "lines") return this.#lines(chart);
    return chart.kind === "ranges" ? this.#ranges(chart) : this.#pictures(chart);
  }

  element(name: string, attributes: Readonly<Record<string, string | number>>, text = ""): Element {
    const made = this.#document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
    made.textContent = text;
    return made;
  }

  /** Each line is labelled at its end. */
  #lines(chart: LineChart): Panel {
    const Plot = this.#Plot;
    const marginRight = 22 + LETTER_WIDTH * Math.max(...chart.lines.map(({ label }) => label.length));
    const width = Math.round(WIDTH + marginRight - 80);
    const yTicks = chart.logY ? logTicks(chart) : 6;
    const xTicks = chart.logX ? powersOfEight(chart) : 6;
    const svg = Plot.plot({
      document: this.#document,
      width,
      height: HEIGHT,
      ...MARGINS,
      marginRight,
      x: {
        label: null,
        tickSize: 0,
        ticks: xTicks,
        ...(chart.logX && { type: "log", base: 8, tickFormat: String }),
      },
      y: {
        label: null,
        tickSize: 0,
        ...(chart.yDomain && { domain: chart.yDomain }),
        ...(chart.logY ? { type: "log", ticks: yTicks, tickFormat: powerOfTen } : { ticks: 6, nice: true }),
      },
      marks: [
        Plot.gridX({ ticks: xTicks, stroke: color("grid"), strokeOpacity: 1 }),
        Plot.gridY({ ticks: yTicks, stroke: color("grid"), strokeOpacity: 1 }),
        ...chart.lines.flatMap((line) => this.#line(line, chart.yDomain)),
      ],
    });
    const nodes = [
      ...this.#frame(svg, chart, width, marginRight),
      ...this.#lineLabels(chart, svg.scale("x"), svg.scale("y")),
    ];
    return { width, height: HEIGHT, nodes };
  }

  #line({ points, band, tone, dashed }: Line, domain: LineChart["yDomain"]): unknown[] {
    const Plot = this.#Plot;
    const clamp = (y: number) => (domain ? Math.min(domain[1], Math.max(domain[0], y)) : y);
    const area = band?.map(([x, low, high]) => [x, clamp(low), clamp(high)] as const);
    const inside = points.map(([x, y]) => [x, clamp(y)] as const);
    return [
      ...(area ? [Plot.areaY(area, { x: "0", y1: "1", y2: "2", fill: color(tone), fillOpacity: 0.15 })] : []),
      Plot.line(inside, { stroke: color(tone), strokeWidth: 2, strokeDasharray: dashed ? "5 4" : "none" }),
    ];
  }

  #lineLabels({ lines, yDomain }: LineChart, x: Scale, y: Scale): Element[] {
    const clamp = (value: number) => (yDomain ? Math.min(yDomain[1], Math.max(yDomain[0], value)) : value);
    const ends = lines
      .filter(({ points }) => points.length > 0)
      .map(({ label, tone, points }) => {
        const [px, py] = points.at(-1)!;
        return { label, tone, x: x.apply(px) + 6, y: y.apply(clamp(py)) + 4 };
      })
      .sort((a, b) => a.y - b.y);
    // Labels that would overlap are pushed down; then all that went too low are pushed up.
    const lowest = HEIGHT - MARGINS.marginBottom + 2;
    for (let i = 1; i < ends.length; i++) ends[i]!.y = Math.max(ends[i]!.y, ends[i - 1]!.y + LABEL_HEIGHT);
    for (let i = ends.length - 1, limit = lowest; i >= 0; i--, limit = ends[i + 1]!.y - LABEL_HEIGHT) {
      ends[i]!.y = Math.min(ends[i]!.y, limit);
    }
    return ends.map(({ label, tone, ...at }) => this.element("text", { ...at, class: `fill-${tone}` }, label));
  }

  #ranges(chart: RangeChart): Panel {
    const Plot = this.#Plot;
    const marginLeft = 16 + LETTER_WIDTH * Math.max(...chart.rows.map(({ label }) => label.length));
    const height = MARGINS.marginTop + MARGINS.marginBottom + 26 * chart.rows.length;
    const width = Math.round(300 + marginLeft);
    const spans = chart.rows.map(({ label, tone, values }) => ({
      label,
      tone,
      low: Math.min(...values),
      middle: median(values),
      high: Math.max(...values),
    }));
    const svg = Plot.plot({
      document: this.#document,
      width,
      height,
      ...MARGINS,
      marginLeft,
      marginRight: 20,
      x: { label: null, ticks: 5, tickSize: 0, nice: true, grid: false },
      y: { label: null, tickSize: 0, type: "point", padding: 0.6, domain: chart.rows.map(({ label }) => label) },
      marks: [
        Plot.gridX({ ticks: 5, stroke: color("grid"), strokeOpacity: 1 }),
        ...spans.flatMap((span) => [
          Plot.link([span], { x1: "low", x2: "high", y: "label", stroke: color(span.tone), strokeWidth: 2.5 }),
          Plot.dot([span], { x: "middle", y: "label", fill: color(span.tone), r: 4 }),
        ]),
      ],
    });
    return { width, height, nodes: this.#frame(svg, { ...chart, y: "" }, width, 20, height, marginLeft) };
  }

  #pictures({ title, side, columns, pictures }: PictureChart): Panel {
    const tile = 58;
    const gap = 6;
    const rows = Math.ceil(pictures.length / columns);
    const [width, height] = [columns * (tile + gap) + 22, rows * (tile + gap) + 40];
    const image = pictureFile(pictures, { side, columns, gap: (gap / tile) * side });
    const [across, down] = [(image.width / side) * tile, (image.height / side) * tile];
    return {
      width,
      height,
      nodes: [
        this.element("text", { x: 12, y: 18, class: "title" }, title),
        this.element("image", {
          x: 12,
          y: 30,
          width: across,
          height: down,
          href: `data:image/png;base64,${image.png.toString("base64")}`,
          style: "image-rendering: pixelated",
        }),
      ],
    };
  }

  /** What Plot drew, with a title and the names of the axes. */
  #frame(
    svg: Element,
    { title, x, y }: { title: string; x: string; y: string },
    width: number,
    marginRight: number,
    height = HEIGHT,
    marginLeft = MARGINS.marginLeft,
  ): Element[] {
    for (const style of [...svg.querySelectorAll("style")]) style.remove();
    const drawn = this.element("g", { "text-anchor": "middle" }); // as it stands on Plot's own svg
    drawn.append(...svg.children);
    const middle = (marginLeft + width - marginRight) / 2;
    const along = (MARGINS.marginTop + height - MARGINS.marginBottom) / 2;
    return [
      drawn,
      this.element("text", { x: 12, y: 18, class: "title" }, title),
      this.element("text", { x: middle, y: height - 8, "text-anchor": "middle" }, x),
      this.element("text", { transform: `translate(13 ${along}) rotate(-90)`, "text-anchor": "middle" }, y),
    ];
  }
}

/** Powers of ten, thinned out to seven at most; over less than two decades 1, 2 and 5 of each. */
function logTicks({ lines, yDomain }: LineChart): number[] {
  const ys =
    yDomain ??
    lines.flatMap(({ points, band }) => [...points.map(([, y]) => y), ...(band ?? []).flatMap(([, ...y]) => y)]);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const [first, last] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
  const few = Math.log10(high / low) < 2;
  const step = Math.max(1, Math.ceil((last - first + 1) / 7));
  const exponents = Array.from({ length: last - first + 3 }, (_, i) => first - 1 + i);
  return exponents
    .filter((exponent) => few || (exponent - last) % step === 0)
    .flatMap((exponent) => (few ? [1, 2, 5] : [1]).map((digit) => Number(`${digit}e${exponent}`)))
    .filter((tick) => tick >= low && tick <= high);
}

/** 1, 8, 64, …: powers of the scale's base, as no others are labelled. */
function powersOfEight({ lines }: LineChart): number[] {
  const greatest = Math.max(...lines.flatMap(({ points }) => points.map(([x]) => x)));
  return Array.from({ length: 1 + Math.floor(Math.log2(greatest) / 3) }, (_, i) => 8 ** i);
}

function powerOfTen(value: number): string {
  const exponent = Math.floor(Math.log10(value) + 1e-9);
  if (exponent >= -3 && exponent <= 3) return String(value);
  return `${value === Number(`1e${exponent}`) ? "" : `${Math.round(value / 10 ** exponent)} · `}10${superscript(exponent)}`;
}

/** Plot takes it for a colour. */
function color(name: Tone | "grid"): string {
  return `var(--${name})`;
}

/** The names of colours become classes, which the style sheet gives their colours by preference. */
function classesForColours(svg: Element): void {
  for (const node of svg.querySelectorAll("*")) {
    for (const attribute of ["stroke", "fill"]) {
      const value = /^var\(--(\w+)\)$/.exec(node.getAttribute(attribute) ?? "")?.[1];
      if (value === undefined) continue;
      node.removeAttribute(attribute);
      node.setAttribute("class", [node.getAttribute("class"), `${attribute}-${value}`].filter(Boolean).join(" "));
    }
  }
}

/** A tenth of a pixel is enough. */
function compact(svg: string): string {
  const [style, shapes] = svg.split("</style>") as [string, string];
  const rounded = shapes.replace(/ (?!href)([\w-]+)="[^"]*"/g, (attribute) =>
    attribute.replace(/-?\d+\.\d+/g, (number) => String(Math.round(Number(number) * 10) / 10)),
  );
  return `${style}</style>${rounded}`;
}
