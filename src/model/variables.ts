import { DataError, ShapeError } from "../errors.js";
import { isFinite32, show, suggest } from "../check.js";
import type { ConstraintDescription } from "../constraints/index.js";
import { fill } from "../initializers/fill.js";
import type { InitializerDescription } from "../initializers/table.js";
import type { RegularizerDescription } from "../regularizers/index.js";
import type { Engine } from "../runtime/engine.js";
import { formatShape, sameShape, type Shape, sizeOf } from "../shape.js";
import { type Architecture, refuseHuge } from "./architecture.js";

/** A named array of numbers with its shape. */
export interface NamedArray {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** One weight of the model and its place in the flat region of parameters. */
export interface Variable {
  /** `<layer>/<role>` */
  readonly name: string;
  readonly layer: number;
  /** Among its layer's variables. */
  readonly ordinal: number;
  readonly shape: Shape;
  readonly initializer: InitializerDescription;
  readonly regularizer: RegularizerDescription | undefined;
  readonly constraint: ConstraintDescription | undefined;
  /** False: state, such as a moving average. */
  readonly trainable: boolean;
  /** Of its first element, in elements. */
  readonly offset: number;
  readonly size: number;
}

interface WriteOptions {
  region?: number;
  strict?: boolean;
  variables?: readonly Variable[];
}

/** Variables begin at 16-byte boundaries, so that vectors of one never reach into another. */
export const ALIGNMENT_ELEMENTS = 4;

/** Numbers drawn for one variable share nothing with another's: each is keyed by layer and ordinal. */
const VARIABLES_PER_LAYER = 16;

/**
 * All weights, flat in one region:
 *
 *   address ──▶ hidden/kernel │ hidden/bias │ output/kernel │ …
 *
 * Gradients and optimizer slots are regions of the same layout.
 */
export class Variables {
  readonly list: readonly Variable[];
  /** Those that an optimizer has slots for: all but state. */
  readonly learned: readonly Variable[];
  readonly byName: ReadonlyMap<string, Variable>;
  /** Elements of the region. */
  readonly size: number;
  readonly address: number;
  readonly #engine: Engine;
  /** Where averages of the learned weights are kept, if any: to the outside they are the weights. */
  #averages: number | undefined;

  constructor(engine: Engine, architecture: Architecture) {
    const { list, size } = layOut(architecture);
    this.#engine = engine;
    this.list = list;
    this.learned = list.filter(({ trainable }) => trainable);
    this.size = size;
    this.byName = new Map(list.map((variable) => [variable.name, variable]));
    this.address = this.allocateRegion("the model's parameters");
  }

  /** A region with room for a value beside each parameter, all zero. */
  allocateRegion(what: string): number {
    return this.#engine.heap.allocateZeroed(Math.max(1, this.size) * 4, what);
  }

  /** Makes the weights, as they are seen, those that training goes on from; the region `averages` begins with them. */
  keepAverages(averages: number | undefined): void {
    for (const variable of this.learned) {
      const seen = this.view(variable);
      this.view(variable, this.address).set(seen);
      if (averages !== undefined) this.view(variable, averages).set(seen);
    }
    this.#averages = averages;
  }

  /** Where a variable is seen: moving statistics and the like are never averaged. */
  regionOf({ trainable }: Variable): number {
    return trainable ? (this.#averages ?? this.address) : this.address;
  }

  /** Draws every variable anew from its initializer. */
  initialize(seed: number): void {
    for (const { name, shape, layer, ordinal, offset, initializer } of this.list) {
      const target = { name, shape, address: this.address + offset * 4 };
      fill(this.#engine, target, initializer, seed, layer * VARIABLES_PER_LAYER + ordinal);
    }
  }

  /** Copies of a region's values by name, in layer order; without a region, of the weights as they are seen. */
  read(region?: number, variables = this.list): Map<string, NamedArray> {
    return new Map(variables.map((v) => [v.name, { data: this.view(v, region).slice(), shape: [...v.shape] }]));
  }

  view(variable: Variable, region = this.regionOf(variable)): Float32Array<ArrayBuffer> {
    return this.#engine.f32(region + variable.offset * 4, variable.size);
  }

  /**
   * Writes values by name; all names, shapes and values are checked before any is written. Without a region, both what is
   * seen and what training goes on from.
   *
   * @param strict Every variable must be given; otherwise those that are not given stay.
   */
  write(
    values: ReadonlyMap<string, Readonly<{ data: ArrayLike<number>; shape: Shape }>>,
    { region, strict = true, variables = this.list }: WriteOptions = {},
  ): void {
    if (!(values instanceof Map)) {
      throw new DataError(
        "data/not-a-map",
        "Weights come as a Map from name to { data, shape }, as getWeights() returns them.",
      );
    }
    const known = new Map(variables.map((variable) => [variable.name, variable]));
    const names = [...known.keys()];
    for (const [name, value] of values) checkValue(this.#engine, name, value, known.get(name), names);
    const missing = variables.filter(({ name }) => !values.has(name)).map(({ name }) => name);
    if (strict && missing.length > 0) {
      throw new ShapeError(
        "weights/missing",
        `${missing.length} of ${variables.length} weights are missing: ${missing.slice(0, 5).join(", ")}${missing.length > 5 ? ", …" : ""}. ` +
          "Give all of them, or pass { strict: false } to keep those that are not given.",
      );
    }
    for (const [name, { data }] of values) {
      const variable = known.get(name)!;
      this.view(variable, region).set(data);
      if (region === undefined) this.view(variable, this.address).set(data);
    }
  }
}

function layOut({ layers }: Architecture): { list: Variable[]; size: number } {
  const list: Variable[] = [];
  let offset = 0;
  layers.forEach(({ name, variables }, layer) => {
    variables.forEach(({ role, trainable = true, ...spec }, ordinal) => {
      const { shape, initializer, regularizer, constraint } = spec;
      refuseHuge(shape, `${name}/${role}`);
      const size = sizeOf(shape);
      const place = { name: `${name}/${role}`, layer, ordinal, offset, size };
      list.push({ ...place, shape, initializer, regularizer, constraint, trainable });
      offset += Math.ceil(size / ALIGNMENT_ELEMENTS) * ALIGNMENT_ELEMENTS;
    });
  });
  refuseHuge([offset], "The model's parameters");
  return { list, size: offset };
}

function checkValue(
  engine: Engine,
  name: string,
  value: Readonly<{ data: ArrayLike<number>; shape: Shape }>,
  variable: Variable | undefined,
  names: readonly string[],
): void {
  if (!variable) {
    throw new ShapeError(
      "weights/unknown-name",
      `There is no weight ${show(name)} to write.${suggest(name, names)} There are ${names.slice(0, 6).join(", ")}${names.length > 6 ? ", …" : ""}.`,
    );
  }
  if (!Array.isArray(value?.shape) || !sameShape(value.shape, variable.shape)) {
    throw new ShapeError(
      "weights/wrong-shape",
      `Weight "${name}" has shape ${formatShape(variable.shape)}; got ${Array.isArray(value?.shape) ? formatShape(value.shape) : show(value?.shape)}.`,
    );
  }
  if (value.data?.length !== variable.size) {
    throw new ShapeError(
      "weights/wrong-length",
      `Weight "${name}" of shape ${formatShape(variable.shape)} has ${variable.size} values; got ${value.data?.length}.`,
    );
  }
  if (value.data instanceof Float32Array && engine.allFinite(value.data)) return;
  for (let i = 0; i < variable.size; i++) {
    if (!isFinite32(value.data[i])) {
      throw new DataError(
        "data/not-finite",
        `Weight "${name}" holds ${show(value.data[i])} at index ${i}; weights must be finite numbers, also in 32 bits.`,
      );
    }
  }
}
