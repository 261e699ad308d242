// How many times lanewise's time each rival takes, task by task, on a log scale; light and dark by the reader's preference.

import { isMeasured, type Results } from "./results.js";
import type { Rival } from "./rivals.js";
import { TASKS } from "./tasks.js";

const WIDTH = 760;
const ROW = 26;
const LEFT = 112;
const RIGHT = 36;
const TOP = 92;
const BOTTOM = 44;
const LEGEND_COLUMNS = 4;

type Shape = "circle" | "square" | "triangle" | "diamond" | "cross";
type Tone = "blue" | "orange" | "green" | "purple" | "red";

/** A shape and a colour each, both hollow where it is the same library in another setting: told apart without the colour. */
const LOOKS: Readonly<Record<string, { shape: Shape; tone: Tone; hollow?: true }>> = {
  "lanewise-2": { shape: "diamond", tone: "blue", hollow: true },
  jax: { shape: "circle", tone: "orange" },
  "tfjs-wasm": { shape: "triangle", tone: "red" },
  "tfjs-cpu": { shape: "triangle", tone: "red", hollow: true },
  convnet: { shape: "square", tone: "purple" },
  brain: { shape: "square", tone: "purple", hollow: true },
  onnx: { shape: "diamond", tone: "green" },
  torch: { shape: "circle", tone: "green" },
  "torch-all": { shape: "circle", tone: "green", hollow: true },
  sklearn: { shape: "cross", tone: "blue" },
};

// Okabe and Ito's colours, a shade darker on white and lighter on black where contrast asks for it.
const STYLE = `
  svg { background: #fff; color: #3d444d; font: 12px system-ui, sans-serif; }
  text { fill: currentColor; }
  .grid { stroke: #e3e7eb; } .own { stroke: #0072b2; stroke-width: 2; } .band { fill: #f6f8fa; }
  .tone { stroke-width: 1.8; fill: none; }
  .blue { stroke: #0072b2; color: #0072b2; } .orange { stroke: #b87900; color: #b87900; } .green { stroke: #007a5a; color: #007a5a; }
  .purple { stroke: #a8497f; color: #a8497f; } .red { stroke: #c04a00; color: #c04a00; }
  .full { fill: currentColor; }
  @media (prefers-color-scheme: dark) {
    svg { background: #0d1117; color: #c9d1d9; }
    .grid { stroke: #262c34; } .own { stroke: #56b4e9; } .band { fill: #131920; }
    .blue { stroke: #56b4e9; color: #56b4e9; } .orange { stroke: #e69f00; color: #e69f00; } .green { stroke: #2fc79a; color: #2fc79a; }
    .purple { stroke: #e08fbf; color: #e08fbf; } .red { stroke: #ff7f3f; color: #ff7f3f; }
  }`;

interface Dot {
  readonly row: number;
  readonly rival: string;
  readonly times: number;
}

export function chart({ tasks }: Pick<Results, "tasks">, rivals: readonly Pick<Rival, "name" | "title">[]): string {
  const rows = TASKS.map(({ name }) => name).filter((name) => isMeasured(tasks[name]?.cells.lanewise));
  const shown = rivals.filter(({ name }) => name in LOOKS && rows.some((row) => isMeasured(tasks[row]!.cells[name])));
  const dots = rows.flatMap((name, row) => dotsOf(tasks[name]!.cells, shown, row));
  const [low, high] = decades(dots.map(({ times }) => times));
  const x = (times: number) => LEFT + ((Math.log10(times) - low) / (high - low)) * (WIDTH - LEFT - RIGHT);
  const height = TOP + rows.length * ROW + BOTTOM;
  const parts = [
    ...rows.flatMap((_, row) => (row % 2 ? [] : [tag("rect", { class: "band", x: 0, y: TOP + row * ROW, width: WIDTH, height: ROW })])), // prettier-ignore
    ...axis(low, high, x, TOP + rows.length * ROW),
    ...rows.map((name, row) => label(LEFT - 12, yOf(row) + 4, name, "end")),
    ...dots.map(({ row, rival, times }) => symbol(rival, x(times), yOf(row))),
    label((LEFT + WIDTH - RIGHT) / 2, height - 8, "time as a multiple of lanewise’s with one thread (log scale); right is slower", "middle"), // prettier-ignore
    ...legend(shown),
  ];
  const alt = "Times of other trainers as multiples of lanewise's, task by task";
  const attributes = `xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`;
  return `<svg ${attributes} role="img" aria-label="${alt}"><style>${STYLE}</style>\n${parts.join("\n")}\n</svg>\n`;
}

function dotsOf(
  cells: Results["tasks"][string]["cells"],
  rivals: readonly Pick<Rival, "name">[],
  row: number,
): readonly Dot[] {
  const own = cells.lanewise;
  if (!isMeasured(own)) return [];
  return rivals.flatMap(({ name }) => {
    const cell = cells[name];
    return isMeasured(cell) ? [{ row, rival: name, times: cell.seconds.median / own.seconds.median }] : [];
  });
}

/** Whole powers of ten around all values and 1. */
function decades(values: readonly number[]): [number, number] {
  const logs = [0, ...values.map((value) => Math.log10(value))];
  const [low, high] = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs))];
  return [low, Math.max(high, low + 1)];
}

function axis(low: number, high: number, x: (times: number) => number, bottom: number): string[] {
  const powers = Array.from({ length: high - low + 1 }, (_, i) => low + i);
  return powers.flatMap((power) => {
    const at = x(10 ** power);
    const text = power < 0 ? String(10 ** power) : (10 ** power).toLocaleString("en-US");
    return [
      tag("path", { class: power === 0 ? "own" : "grid", d: `M${round(at)} ${TOP}V${bottom}` }),
      label(at, bottom + 16, `${text} ×`, "middle"),
    ];
  });
}

function legend(rivals: readonly Pick<Rival, "name" | "title">[]): string[] {
  const width = (WIDTH - 24) / LEGEND_COLUMNS;
  const own = [tag("path", { class: "own", d: "M24 16V32" }), label(36, 28, "lanewise", "start")];
  const others = rivals.flatMap(({ name, title }, i) => {
    const [column, row] = [(i + 1) % LEGEND_COLUMNS, Math.floor((i + 1) / LEGEND_COLUMNS)];
    const [x, y] = [24 + column * width, 24 + row * 22];
    return [symbol(name, x, y), label(x + 12, y + 4, title, "start")];
  });
  return [...own, ...others];
}

function symbol(rival: string, x: number, y: number): string {
  const { shape, tone, hollow } = LOOKS[rival]!;
  const classes = `tone ${tone}${hollow ? "" : " full"}`;
  const paths: Record<Shape, string> = {
    circle: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
    square: "M-4.5 -4.5h9v9h-9z",
    triangle: "M0 -5.5L5.5 4.5H-5.5z",
    diamond: "M0 -6L6 0L0 6L-6 0z",
    cross: "M-4.5 -4.5L4.5 4.5M-4.5 4.5L4.5 -4.5",
  };
  return tag("path", { class: classes, transform: `translate(${round(x)} ${round(y)})`, d: paths[shape] });
}

function yOf(row: number): number {
  return TOP + (row + 0.5) * ROW;
}

function label(x: number, y: number, text: string, anchor: "start" | "middle" | "end"): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${text}</text>`;
}

function tag(name: string, attributes: Readonly<Record<string, string | number>>): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${value}"`);
  return `<${name}${list.join("")}/>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
