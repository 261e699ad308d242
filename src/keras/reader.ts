// What a model is read with: names, weights and how much there may be of all.

import { ModelFormatError } from "../errors.js";
import { NameGiver, shownName } from "../io/foreign.js";
import type { NamedArray } from "../model/variables.js";
import { formatShape, sameShape, type Shape, sizeOf } from "../shape.js";
import { badTopology, type Dialect } from "./config.js";
import type { Weighted } from "./rules.js";

/** A layer whose weights are asked for. */
export interface KerasLayer {
  readonly name: string;
  readonly className: string;
  /** Names of the models that it is in, from the outside in and without that of the whole, then its own. */
  readonly path: readonly string[];
  /** Its place in its model's list of layers. */
  readonly ordinal: number;
  /** What Keras calls the weights that it has, in Keras's order: "kernel", "bias"; what no prediction needs comes last. */
  readonly weightNames: readonly string[];
}

export interface KerasArray {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** The weights of a layer in Keras's own order; those behind the last that is needed are not looked at. */
export type WeightSource = (layer: KerasLayer) => readonly KerasArray[];

/** Calls of layers in all: models that are called again and again within others grow fast. */
const MOST_CALLS = 100_000;

/** Names layers, takes their weights, and counts. */
export class Reader {
  readonly weights = new Map<string, NamedArray>();
  readonly names = new NameGiver();
  readonly dialect: Dialect;
  readonly #weightsOf: WeightSource;
  #bytesLeft: number;
  #callsLeft = MOST_CALLS;

  constructor(dialect: Dialect, weightsOf: WeightSource, mostBytes: number) {
    this.dialect = dialect;
    this.#weightsOf = weightsOf;
    this.#bytesLeft = mostBytes;
  }

  /** Counts what is applied: it must end. */
  count(): void {
    if (--this.#callsLeft >= 0) return;
    throw badTopology(`its layers are called more than ${MOST_CALLS} times`);
  }

  /** Takes a layer's weights from the file, checked. */
  take({ spec, roles, extras = [], adapt }: Weighted, input: Shape, layer: Omit<KerasLayer, "weightNames">): void {
    const label = `layer ${shownName(layer.path.join("/"))}`;
    const expected = new Map(spec.kind.variables(spec.config, input).map(({ role, shape }) => [role, shape]));
    const entries = Object.entries(roles);
    if (entries.length === 0) return;
    const found = this.#weightsOf({ ...layer, weightNames: [...Object.keys(roles), ...extras] });
    if (found.length < entries.length || found.length > entries.length + extras.length) {
      throw badWeights(
        label,
        `it has ${entries.length} weights (${Object.keys(roles).join(", ")}), and the file ${found.length}`,
      );
    }
    entries.forEach(([theirs, role], i) => {
      const { data, shape } = found[i]!;
      const ours = expected.get(role)!;
      const scalar = extras.length > 0 && sizeOf(shape) === 1; // statistics for all features
      if ((!sameShape(shape, ours) && !scalar) || data.length !== sizeOf(shape)) {
        throw badWeights(
          label,
          `its ${theirs} is ${formatShape(shape)} of ${data.length} values, expected ${formatShape(ours)}`,
        );
      }
      this.#bytesLeft -= sizeOf(ours) * 4;
      if (this.#bytesLeft < 0) throw badWeights(label, "all weights take more bytes than the file could bring");
      const values = adapt ? adapt(data, shape, role, ours) : data;
      if (!values) throw badWeights(label, `a number of its ${theirs} is too small to take a root of`);
      this.weights.set(`${spec.name}/${role}`, { data: values, shape: [...ours] });
    });
  }
}

function badWeights(label: string, why: string): ModelFormatError {
  return new ModelFormatError("keras/bad-weights", `The weights of ${label} cannot be used: ${why}.`);
}
