// Toy sets: points in the plane, in a square of about −1 … 1, with a class each.

import type { ToyName } from "./names.js";
import { Random } from "./random.js";

type Point = readonly [x: number, y: number];
/** The place of point `i` of `count` of its class, before noise. */
type Draw = (random: Random, label: number, share: number) => Point;

interface Toy {
  readonly classes: number;
  /** How far noise 1 moves a point. */
  readonly spread: number;
  readonly draw: Draw;
}

/** One and a half turns, in whole steps of a rotation: sines and cosines would differ between engines. */
const TURNS = 384;
const STEP: Point = [0.9996988186962042, 0.024541228522912288]; // cos, sin of 2π / 256
const SPIRAL = turned();

const CLOUDS: readonly Point[] = [
  [-0.5, -0.35],
  [0.5, -0.35],
  [0, 0.52],
];

const TOYS: Readonly<Record<ToyName, Toy>> = {
  moons: {
    classes: 2,
    spread: 0.5,
    draw(random, label) {
      const [x, y] = random.direction();
      const up = Math.abs(y);
      return label === 0 ? [0.6 * x - 0.3, 0.6 * up - 0.15] : [0.6 * x + 0.3, 0.15 - 0.6 * up];
    },
  },
  circles: {
    classes: 2,
    spread: 0.4,
    draw(random, label) {
      const [x, y] = random.direction();
      const radius = label === 0 ? 0.85 : 0.4;
      return [radius * x, radius * y];
    },
  },
  spirals: {
    classes: 2,
    spread: 0.2,
    draw(_, label, share) {
      const along = 0.08 + 0.92 * share;
      const [c, s] = SPIRAL[Math.floor(along * TURNS)]!;
      const radius = 0.95 * along * (label === 0 ? 1 : -1);
      return [radius * c, radius * s];
    },
  },
  xor: {
    classes: 2,
    spread: 0.4,
    draw(random, label) {
      const [x, y] = [random.between(0.06, 0.9), random.between(0.06, 0.9)];
      const side = random.next() < 0.5 ? 1 : -1;
      return [side * x, label === 0 ? side * y : -side * y];
    },
  },
  gaussians: { classes: 3, spread: 1.4, draw: (_, label) => CLOUDS[label]! },
};

export interface Points {
  /** (n, 2) */
  readonly x: Float32Array;
  readonly y: Int32Array;
  readonly classes: number;
}

export function pointsOf(name: ToyName, { rows, noise, seed }: Record<"rows" | "noise" | "seed", number>): Points {
  const { classes, spread, draw } = TOYS[name];
  const random = new Random(seed);
  const x = new Float32Array(rows * 2);
  const y = new Int32Array(rows);
  for (let i = 0; i < rows; i++) {
    const label = i % classes;
    const point = draw(random, label, i / rows);
    x.set(
      point.map((at) => at + spread * noise * random.normal()),
      i * 2,
    );
    y[i] = label;
  }
  return { x, y, classes };
}

function turned(): Point[] {
  const points: Point[] = [[1, 0]];
  while (points.length < TURNS) {
    const [c, s] = points.at(-1)!;
    points.push([c * STEP[0] - s * STEP[1], c * STEP[1] + s * STEP[0]]);
  }
  return points;
}
