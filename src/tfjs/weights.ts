// The list of weights of model.json and their bytes, decoded as TensorFlow.js decodes them.

import { show } from "../check.js";
import { ModelFormatError } from "../errors.js";
import { readFloats } from "../formats/floats.js";
import { shownName } from "../io/foreign.js";
import { isObject, type Json, own } from "../keras/config.js";
import { formatShape } from "../shape.js";

/** One weight in the list. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly size: number;
  readonly stored: Stored;
  /** Of quantized integers. */
  readonly scale: number;
  readonly min: number;
  /** Rounded, where it is of integers itself. */
  readonly whole: boolean;
  /** Of its first byte, among all. */
  readonly offset: number;
  readonly bytes: number;
}

/** How numbers lie in the file, little-endian, and their bytes each. */
const WIDTHS = { float32: 4, int32: 4, bool: 1, uint8: 1, uint16: 2, float16: 2 } as const;
type Stored = keyof typeof WIDTHS;

const MOST_WEIGHTS = 100_000;
const MOST_AXES = 16;
/** What 32-bit addresses reach; also of each by itself. */
const MOST_BYTES = 2 ** 32;

/**
 * The list checked, each with its place; weights of an optimizer are left out, and take their place.
 *
 * @throws ModelFormatError `tfjs/bad-json`, `tfjs/bad-weights`
 */
export function weightSpecs(given: readonly unknown[]): { specs: WeightSpec[]; bytes: number } {
  if (given.length > MOST_WEIGHTS) throw badJson(`it lists ${given.length} weights; up to ${MOST_WEIGHTS} are read`);
  const specs: WeightSpec[] = [];
  let offset = 0;
  for (const entry of given) {
    if (!isObject(entry)) throw badJson(`a weight in its list is ${show(entry)}`);
    const spec = specOf(entry, offset);
    offset += spec.bytes;
    if (offset > MOST_BYTES) throw badWeights("they take more than 4 GiB");
    if (own(entry, "group") !== "optimizer") specs.push(spec);
  }
  return { specs, bytes: offset };
}

function specOf(entry: Json, offset: number): WeightSpec {
  const name = own(entry, "name");
  if (typeof name !== "string") throw badJson(`a weight in its list is called ${show(name)}`);
  const what = `the weight ${shownName(name)}`;
  const shape = own(entry, "shape");
  const sized =
    Array.isArray(shape) && shape.length <= MOST_AXES && shape.every((n) => Number.isSafeInteger(n) && n >= 0);
  if (!sized) throw badJson(`${what} has the shape ${show(shape)}`);
  const sizes = shape as number[];
  const size = sizes.reduce((product, n) => product * n, 1);
  if (size > MOST_BYTES) throw badWeights(`${what} of shape ${formatShape(sizes)} would take more than 4 GiB`);
  const dtype = own(entry, "dtype");
  const { stored, scale, min } = storedAs(own(entry, "quantization"), dtype, what);
  return {
    name,
    shape: sizes,
    size,
    stored,
    scale,
    min,
    whole: dtype === "int32",
    offset,
    bytes: size * WIDTHS[stored],
  };
}

function storedAs(quantization: unknown, dtype: unknown, what: string): Pick<WeightSpec, "stored" | "scale" | "min"> {
  if (quantization === undefined || quantization === null) {
    if (dtype === "float32" || dtype === "int32" || dtype === "bool" || dtype === "uint8") {
      return { stored: dtype, scale: 1, min: 0 };
    }
    throw badWeights(`${what} is of type ${show(dtype)}; weights are float32, int32, uint8 or bool`);
  }
  if (!isObject(quantization)) throw badJson(`${what} has the quantization ${show(quantization)}`);
  const stored = own(quantization, "dtype");
  if (stored === "float16" && dtype === "float32") return { stored, scale: 1, min: 0 };
  if ((stored !== "uint8" && stored !== "uint16") || (dtype !== "float32" && dtype !== "int32")) {
    throw badWeights(
      `${what} is ${show(dtype)} quantized as ${show(stored)}; read are uint8, uint16 and, of float32, float16`,
    );
  }
  const [scale, min] = [own(quantization, "scale"), own(quantization, "min")];
  if (Number.isFinite(scale) && Number.isFinite(min)) return { stored, scale: scale as number, min: min as number };
  throw badJson(`${what} is quantized with scale ${show(scale)} and min ${show(min)}, expected numbers`);
}

/** Bytes in several pieces. */
export class Pieces {
  readonly #pieces: readonly Uint8Array[];
  readonly length: number;

  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = pieces;
    this.length = pieces.reduce((sum, { length }) => sum + length, 0);
  }

  /** A copy. */
  slice(start: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const piece of this.#pieces) {
      const [from, to] = [Math.max(start, at), Math.min(start + length, at + piece.length)];
      if (from < to) bytes.set(piece.subarray(from - at, to - at), from - start);
      at += piece.length;
    }
    return bytes;
  }
}

/** Numbers of one weight: v · scale + min in 64 bits, then rounded to 32, as TensorFlow.js does it. */
export function decode({ stored, scale, min, whole, offset, bytes }: WeightSpec, pieces: Pieces): Float32Array {
  const raw = pieces.slice(offset, bytes);
  switch (stored) {
    case "float32":
      return readFloats("F32", raw);
    case "float16":
      return readFloats("F16", raw);
    case "int32":
      return Float32Array.from(new Int32Array(raw.buffer));
    default: {
      const integers = stored === "uint16" ? new Uint16Array(raw.buffer) : raw;
      const value = (v: number) => v * scale + min;
      return Float32Array.from(integers, whole ? (v) => Math.round(value(v)) : value);
    }
  }
}

export function badJson(why: string, cause?: unknown): ModelFormatError {
  return new ModelFormatError("tfjs/bad-json", `model.json cannot be used: ${why}.`, { cause });
}

export function badWeights(why: string): ModelFormatError {
  return new ModelFormatError("tfjs/bad-weights", `The weights of the model cannot be used: ${why}.`);
}
