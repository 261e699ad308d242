// Sample weights and class weights become one weight for each row of the output, on the host, before the data are copied.

import { show } from "../check.js";
import { ConfigError, DataError, ShapeError } from "../errors.js";
import { type LossDescription, lossRow } from "../losses/table.js";
import type { Shape } from "../shape.js";
import type { OutputPort } from "./architecture.js";
import { type Compiled, type Core, positionsOf } from "./core.js";
import type { Rows } from "./data.js";
import { perPort, portLabel } from "./ports.js";

/** One weight a sample, 0 or more. The mean of the weighted losses is over all rows, as Keras's is. */
export type SampleWeight = Float32Array | readonly number[];
/** A weight for each class by its label; those not named weigh 1. */
export type ClassWeight = Readonly<Record<number, number>>;

export interface Weighting {
  sampleWeight?: SampleWeight | Readonly<Record<string, SampleWeight>> | undefined;
  classWeight?: ClassWeight | undefined;
}

/**
 * The weights' rows as one more data source for each output, or none where nothing is weighted; both kinds multiply.
 *
 * @param samples The rows of each input, then of each output.
 * @throws DataError, ShapeError, ConfigError naming the weight that cannot be used
 */
export function weightsOf(
  core: Core,
  { outputs: compiled }: Compiled,
  samples: readonly Rows[],
  { sampleWeight, classWeight }: Weighting,
  suffix = "",
): Rows[] {
  if (sampleWeight === undefined && classWeight === undefined) return [];
  const { inputs, outputs } = core.architecture;
  if (classWeight !== undefined && outputs.length > 1) {
    throw new ConfigError(
      "config/class-weight-does-not-fit",
      `classWeight is for a model with one output; this one has ${outputs.length}. Give each row its weight with sampleWeight: { ${outputs[0]!.name}: … }.`,
    );
  }
  const given = perOutput(sampleWeight, outputs, `sampleWeight${suffix}`);
  return outputs.map(({ shape }, i) => {
    const output = { loss: compiled[i]!.loss, y: samples[inputs.length + i]!, shape };
    return outputWeights(output, given[i], classWeight, portLabel("sampleWeight", outputs, i) + suffix);
  });
}

/** One output, its loss and its targets. */
export interface WeightedOutput {
  readonly loss: LossDescription;
  readonly y: Rows;
  readonly shape: Shape;
}

function outputWeights(
  output: WeightedOutput,
  sampleWeight: SampleWeight | undefined,
  classWeight: ClassWeight | undefined,
  what: string,
): Rows {
  const { y, shape } = output;
  const positions = positionsOf(shape);
  const data = new Float32Array(y.rows * positions).fill(1);
  if (sampleWeight !== undefined) {
    checkSampleWeight(sampleWeight, y.rows, what);
    for (let i = 0; i < data.length; i++) data[i] = sampleWeight[Math.floor(i / positions)]!;
  }
  if (classWeight !== undefined) {
    const classOf = classReader(output);
    if (!classOf) {
      throw new ConfigError(
        "config/class-weight-does-not-fit",
        `classWeight needs one class a row, and the targets of ${output.loss.name} for ${shape.at(-1)} outputs tell none. ` +
          "Give each row its weight with sampleWeight.",
      );
    }
    const weights = checkClassWeight(classWeight, classOf.labels);
    for (let i = 0; i < data.length; i++) data[i]! *= weights.get(classOf(i)) ?? 1;
  }
  return { data, rows: y.rows, width: positions };
}

/** One array weighs the rows for every output. */
function perOutput(
  given: Weighting["sampleWeight"],
  outputs: readonly OutputPort[],
  what: string,
): readonly (SampleWeight | undefined)[] {
  const byName = typeof given === "object" && !Array.isArray(given) && !ArrayBuffer.isView(given);
  if (!byName) return outputs.map(() => given as SampleWeight | undefined);
  return perPort(given as Readonly<Record<string, SampleWeight>>, outputs, what, {
    isEntry: () => false,
    optional: true,
  });
}

export function checkSampleWeight(given: unknown, rows: number, what: string): asserts given is SampleWeight {
  if (!Array.isArray(given) && !(ArrayBuffer.isView(given) && !(given instanceof DataView))) {
    throw new DataError(
      "data/bad-type",
      `${what} must be a Float32Array or an array with one number a row; got ${show(given)}.`,
    );
  }
  const weights = given as unknown as ArrayLike<number>;
  if (weights.length !== rows) {
    throw new ShapeError(
      "shape/rows-differ",
      `${what} has ${weights.length} weights and y has ${rows} rows; each row needs its weight.`,
    );
  }
  for (let row = 0; row < rows; row++) refuseBadWeight(weights[row], `${what} at row ${row}`);
}

/** The weights by class; those that are not named are not in it. */
export function checkClassWeight(given: ClassWeight, labels: readonly number[]): Map<number, number> {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new ConfigError(
      "config/bad-class-weight",
      `classWeight must be an object such as { 0: 1, 1: 5 }; got ${show(given)}.`,
    );
  }
  const weights = new Map<number, number>();
  for (const [label, weight] of Object.entries(given)) {
    if (!labels.includes(Number(label))) {
      const range = labels.length > 2 ? `from ${labels[0]} to ${labels.at(-1)}` : labels.join(" and ");
      throw new ConfigError(
        "config/bad-class-weight",
        `classWeight names the class ${show(label)}, and the classes are ${range}.`,
      );
    }
    refuseBadWeight(weight, `classWeight of class ${label}`);
    weights.set(Number(label), weight);
  }
  return weights;
}

function refuseBadWeight(weight: unknown, what: string): void {
  const finite = typeof weight === "number" && Number.isFinite(Math.fround(weight));
  if (finite && weight >= 0) return;
  throw new DataError("data/bad-weight", `${what} is ${show(weight)}; weights are finite numbers of at least 0.`);
}

/** Tells the class of the output's row `i`. */
export interface ClassReader {
  (i: number): number;
  /** All that there are. */
  readonly labels: readonly number[];
}

/** Undefined where targets tell no class. */
export function classReader({ loss, y: { data }, shape }: WeightedOutput): ClassReader | undefined {
  const { classes } = lossRow(loss);
  const width = shape.at(-1)!;
  const counted = Array.from({ length: width }, (_, label) => label);
  if (classes === "label") return Object.assign((i: number) => data[i]!, { labels: counted });
  if (classes === "oneHot") {
    const largest = (i: number) => {
      const row = data.subarray(i * width, (i + 1) * width);
      return row.indexOf(Math.max(...row));
    };
    return Object.assign(largest, { labels: counted });
  }
  if (classes && width === 1) {
    const low = classes === "sign" ? -1 : 0;
    return Object.assign((i: number) => (data[i]! > 0.5 ? 1 : low), { labels: [low, 1] });
  }
  return undefined;
}
