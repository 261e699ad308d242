// Fills a variable in the module's memory with what its initializer says.

import { STREAM_INITIALIZER } from "../../assembly/shared/random.js";
import { show } from "../check.js";
import { ConfigError, ShapeError } from "../errors.js";
import type { Engine } from "../runtime/engine.js";
import { formatShape, type Shape, sizeOf } from "../shape.js";
import { orthonormalize } from "./orthogonal.js";
import { type CustomDescription, fansOf, fillOf, type InitializerDescription } from "./table.js";

/** Where a variable stands and what it is called. */
export interface Target {
  readonly name: string;
  readonly address: number;
  readonly shape: Shape;
}

/** The words that key a variable's random numbers: those of the seed, and its ordinal. */
type Key = readonly [seedLo: number, seedHi: number, op: number];

/**
 * @param ordinal Another for every variable of the model.
 * @throws ShapeError where the initializer makes matrices only; ConfigError where a function returns something else
 */
export function fill(
  engine: Engine,
  target: Target,
  initializer: InitializerDescription,
  modelSeed: number,
  ordinal: number,
): void {
  const { exports } = engine;
  const { address, shape } = target;
  const size = sizeOf(shape);
  const seed = (initializer.seed as number | undefined) ?? modelSeed;
  const key: Key = [seed >>> 0, Math.floor(seed / 0x100000000), ordinal];
  if (initializer.name === "custom") return fillCustom(engine, target, initializer, key);
  const how = fillOf(initializer, fansOf(shape));
  switch (how.kind) {
    case "constant":
      engine.f32(address, size).fill(how.value);
      break;
    case "uniform":
      exports.fillUniform(size, address, ...key, how.low, how.high);
      break;
    case "normal":
      exports.fillNormal(size, address, ...key, how.mean, how.stddev);
      break;
    case "truncatedNormal":
      exports.fillTruncatedNormal(size, address, ...key, how.mean, how.stddev);
      break;
    case "orthogonal":
      mustBeMatrix(target, initializer.name, shape.length >= 2);
      exports.fillNormal(size, address, ...key, 0, 1);
      makeOrthogonal(engine.f32(address, size), shape, how.gain);
      break;
    case "identity":
      mustBeMatrix(target, initializer.name, shape.length === 2);
      engine.f32(address, size).forEach((_, i, values) => {
        const [row, column] = [Math.floor(i / shape[1]!), i % shape[1]!];
        values[i] = row === column ? how.gain : 0;
      });
      break;
    default:
      how satisfies never;
  }
}

/** Normal numbers become gain · Q, as a matrix (all axes but the last, last axis). */
function makeOrthogonal(values: Float32Array, shape: Shape, gain: number): void {
  const columns = shape.at(-1)!;
  const rows = values.length / columns;
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
  const vectors = Float64Array.from(values);
  orthonormalize(vectors, count, length);
  for (let vector = 0; vector < count; vector++) {
    for (let k = 0; k < length; k++) {
      const at = rows < columns ? vector * columns + k : k * columns + vector;
      values[at] = gain * vectors[vector * length + k]!;
    }
  }
}

function fillCustom(engine: Engine, { name, address, shape }: Target, { draw }: CustomDescription, key: Key): void {
  if (!draw) {
    throw new ConfigError(
      "config/lost-initializer",
      `"${name}" had an initializer of its own, a function, which a file cannot hold. Give the layer the function again.`,
    );
  }
  const size = sizeOf(shape);
  const values = draw([...shape], { ...fansOf(shape), seed: customSeed(engine, key) });
  if (!(values instanceof Float32Array) || values.length !== size || !values.every(Number.isFinite)) {
    const got = values instanceof Float32Array && values.length === size ? "one that is not finite" : show(values);
    throw new ConfigError(
      "config/bad-initializer",
      `The initializer of "${name}" must return a Float32Array of ${size} finite numbers, for shape ${formatShape(shape)}; got ${got}.`,
    );
  }
  engine.f32(address, size).set(values);
}

/** 53 bits of the block that a random fill of this variable would begin with. */
function customSeed(engine: Engine, [seedLo, seedHi, op]: Key): number {
  const words = engine.heap.allocate(16, "a seed");
  engine.exports.philox(0, op, 0, STREAM_INITIALIZER, seedLo, seedHi, words);
  const [low, high] = engine.u32(words, 2);
  engine.heap.free(words);
  return low! + (high! >>> 11) * 0x100000000;
}

function mustBeMatrix({ name, shape }: Target, initializer: string, matrix: boolean): void {
  if (matrix) return;
  throw new ShapeError(
    "shape/not-a-matrix",
    `The initializer "${initializer}" makes matrices, and "${name}" has shape ${formatShape(shape)}.`,
  );
}
