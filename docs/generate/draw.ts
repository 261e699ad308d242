// Draws a chart as SVG, light and dark by the reader's preference.

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { type Chart, digestOf, type Mark, type Point, type Tone } from "./figures/chart.js";

// linkedom's elements are those of a browser, as far as Plot is concerned.
const { document } = parseHTML("<html></html>") as unknown as { document: Document };

const WIDTH = 400;
const HEIGHT = 250;
/** Above the plot: for the legend or the note. */
const TOP = 34;
const MARGINS = { marginTop: TOP, marginLeft: 54, marginRight: 14, marginBottom: 38 };
/** Of a letter of the legend, on average. */
const LETTER_WIDTH = 6.1;
const DASHES = "5 4";

/** Colours that hold their contrast on white and on black, and for most who do not tell red from green. */
const STYLE = `
  svg { background: #fff; color: #59636e; font: 11px system-ui, sans-serif; }
  text { fill: currentColor; }
  .stroke-first { stroke: #0b66d0; } .fill-first { fill: #0b66d0; }
  .stroke-second { stroke: #c2410c; } .fill-second { fill: #c2410c; }
  .stroke-third { stroke: #15803d; } .fill-third { fill: #15803d; }
  .stroke-faint { stroke: #d1d9e0; } .fill-faint { fill: #d1d9e0; }
  .stroke-grid { stroke: #eef1f4; } .stroke-zero { stroke: #b6c0ca; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; color: #9198a1; }
    .stroke-first { stroke: #58a6ff; } .fill-first { fill: #58a6ff; }
    .stroke-second { stroke: #f0883e; } .fill-second { fill: #f0883e; }
    .stroke-third { stroke: #3fb950; } .fill-third { fill: #3fb950; }
    .stroke-faint { stroke: #3d444d; } .fill-faint { fill: #3d444d; }
    .stroke-grid { stroke: #1c2128; } .stroke-zero { stroke: #4b535d; }
  }`;

/** The same chart gives the same text. */
export function draw(chart: Chart, alt: string): string {
  const [xDomain, yDomain] = [chart.xDomain ?? extent(chart, 0), chart.yDomain ?? extent(chart, 1)];
  const height = chart.square ? squareHeight(xDomain, yDomain) : HEIGHT;
  const svg = Plot.plot({
    document,
    width: WIDTH,
    height,
    ...MARGINS,
    className: "plot",
    x: { domain: xDomain, label: null, ticks: 6, tickSize: 0 },
    y: { domain: yDomain, label: null, ticks: 6, tickSize: 0 },
    marks: [
      Plot.gridX({ ticks: 6, stroke: color("grid"), strokeOpacity: 1 }),
      Plot.gridY({ ticks: 6, stroke: color("grid"), strokeOpacity: 1 }),
      ...zeros(xDomain, yDomain),
      ...chart.marks.flatMap(marksOf),
    ],
  }) as SVGSVGElement;
  classesForColours(svg);
  svg.removeAttribute("font-family");
  svg.setAttribute("data-chart", digestOf(chart));
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", alt);
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  for (const style of [...svg.querySelectorAll("style")]) style.remove();
  svg.prepend(element("style", {}, STYLE));
  svg.append(...axisLabels(chart, height), ...legend(chart));
  return `${compact(svg.outerHTML)}\n`;
}

/** Where both axes have one scale, the height follows from the width. */
function squareHeight([x0, x1]: Point, [y0, y1]: Point): number {
  const { marginLeft, marginRight, marginBottom } = MARGINS;
  return Math.round(((WIDTH - marginLeft - marginRight) * (y1 - y0)) / (x1 - x0)) + TOP + marginBottom;
}

function extent({ marks, xDomain }: Chart, axis: 0 | 1): [number, number] {
  const values = marks.flatMap((mark) => pointsOf(mark).map((point) => point[axis]));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = axis === 0 || xDomain ? 0 : (high - low) * 0.04;
  return [marks.some(({ kind }) => kind === "bars") && axis === 1 ? 0 : low - room, high + room];
}

function pointsOf(mark: Mark): readonly Point[] {
  if (mark.kind === "bars") return mark.bars.flatMap(({ from, to, height }) => [[from, height], [to, height]] as const); // prettier-ignore
  return mark.kind === "arrows" ? mark.arrows.flatMap(({ from, to }) => [from, to]) : mark.points;
}

/** The axes themselves, where they are within sight. */
function zeros([x0, x1]: Point, [y0, y1]: Point): Plot.Markish[] {
  const marks: Plot.Markish[] = [];
  if (x0 < 0 && x1 > 0) marks.push(Plot.ruleX([0], { stroke: color("zero") }));
  if (y0 <= 0 && y1 > 0) marks.push(Plot.ruleY([0], { stroke: color("zero") }));
  return marks;
}

function marksOf(mark: Mark): Plot.Markish[] {
  const { tone } = mark;
  switch (mark.kind) {
    case "line": {
      const strokeDasharray = mark.dashed === true ? DASHES : "none";
      const strokeWidth = tone === "faint" ? 1 : 2;
      return [Plot.line(mark.points, { stroke: color(tone), strokeWidth, strokeDasharray, clip: "frame" })];
    }
    case "path":
      return [Plot.line(mark.points, { stroke: color(tone), strokeWidth: 1.2, marker: "dot", clip: "frame" })];
    case "bars":
      return [Plot.rect(mark.bars, { x1: "from", x2: "to", y1: 0, y2: "height", fill: color(tone), insetRight: 1 })];
    case "arrows": {
      // Those that stay have no arrow, only their end.
      const moved = mark.arrows.filter(({ from, to }) => Math.hypot(from[0] - to[0], from[1] - to[1]) > 0.01);
      return [
        Plot.link(moved, {
          x1: ({ from }) => from[0],
          y1: ({ from }) => from[1],
          x2: ({ to }) => to[0],
          y2: ({ to }) => to[1],
          stroke: color("faint"),
          strokeWidth: 1.5,
        }),
        Plot.dot(moved, { x: ({ from }) => from[0], y: ({ from }) => from[1], stroke: color("faint"), r: 2.5, strokeWidth: 1.5 }), // prettier-ignore
        Plot.dot(mark.arrows, { x: ({ to }) => to[0], y: ({ to }) => to[1], fill: color(tone), r: 3 }),
      ];
    }
  }
}

/** Plot takes it for a colour. */
function color(name: Tone | "grid" | "zero"): string {
  return `var(--${name})`;
}

/** The names of colours become classes, which the style sheet gives their colours by preference. */
function classesForColours(svg: SVGSVGElement): void {
  for (const node of [svg, ...svg.querySelectorAll("*")]) {
    for (const attribute of ["stroke", "fill"]) {
      const value = /^var\(--(\w+)\)$/.exec(node.getAttribute(attribute) ?? "")?.[1];
      if (value === undefined) continue;
      node.removeAttribute(attribute);
      node.setAttribute("class", [node.getAttribute("class"), `${attribute}-${value}`].filter(Boolean).join(" "));
    }
  }
}

function axisLabels({ x, y }: Chart, height: number): SVGElement[] {
  const middle = (MARGINS.marginLeft + WIDTH - MARGINS.marginRight) / 2;
  const labels = [element("text", { x: middle, y: height - 6, "text-anchor": "middle" }, x)];
  if (y !== undefined) {
    const along = (TOP + height - MARGINS.marginBottom) / 2;
    labels.push(element("text", { transform: `translate(12 ${along}) rotate(-90)`, "text-anchor": "middle" }, y));
  }
  return labels;
}

/** Labels in a line above the plot, each behind a stroke of its colour; or the note. */
function legend({ marks, note }: Chart): SVGElement[] {
  const labelled = marks.flatMap((mark) => ("label" in mark && mark.label ? [{ ...mark, label: mark.label }] : []));
  if (labelled.length === 0)
    return note === undefined ? [] : [element("text", { x: MARGINS.marginLeft, y: 20, "text-anchor": "start" }, note)];
  let at = MARGINS.marginLeft;
  // The first tone comes first, whatever is drawn on top.
  return labelled
    .sort((a, b) => rank(a.tone) - rank(b.tone))
    .flatMap(({ tone, label, ...mark }) => {
      const dashes = "dashed" in mark && mark.dashed ? { "stroke-dasharray": DASHES } : {};
      const stroke = element("path", { d: `M${at} 16h14`, class: `stroke-${tone}`, "stroke-width": 2, ...dashes });
      const text = element("text", { x: at + 19, y: 20, "text-anchor": "start" }, label);
      at = Math.round(at + 19 + label.length * LETTER_WIDTH + 12);
      return [stroke, text];
    });
}

function rank(tone: Tone): number {
  return ["first", "second", "third", "faint"].indexOf(tone);
}

function element(name: string, attributes: Readonly<Record<string, string | number>>, text = ""): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name) as SVGElement;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.textContent = text;
  return made;
}

/** A tenth of a pixel is enough; clips and markers are numbered within the picture, not within the run. */
function compact(svg: string): string {
  const ids = [...new Set(svg.match(/plot-(clip|marker)-\d+/g))];
  const [style, shapes] = svg.split("</style>") as [string, string];
  const rounded = shapes.replace(/="[^"]*"/g, (attribute) =>
    attribute
      .replace(/-?\d+\.\d+/g, (number) => String(Math.round(Number(number) * 10) / 10))
      .replace(/plot-(clip|marker)-\d+/g, (id) => `id-${ids.indexOf(id)}`),
  );
  return `${style}</style>${rounded}`;
}
