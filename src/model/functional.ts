import { knownOptions } from "../check.js";
import type { SymbolicValue } from "../layers/symbolic.js";
import { graphOf, type Symbols } from "./graph.js";
import { Model } from "./model.js";
import type { Prediction } from "./predict.js";
import { createCore, MODEL_OPTIONS, type ModelOptions } from "./sequential.js";

export interface GraphOptions<Outputs extends Symbols = Symbols> extends ModelOptions {
  /** What `input(shape)` returned; of several, an array or a record by name. */
  inputs: Symbols;
  /** What the network computes: of several, an array or a record by name. Predictions come in the same form. */
  outputs: Outputs;
}

/** Predictions in the form in which outputs were given. */
export type PredictionsOf<Outputs> = Outputs extends SymbolicValue
  ? Prediction
  : Outputs extends readonly unknown[]
    ? readonly Prediction[]
    : { readonly [K in keyof Outputs]: Prediction };

/**
 * A graph of layers as a model, its weights drawn: branches, shared layers, several inputs and outputs.
 *
 * @throws ConfigError for an input that is unused or missing; UnsupportedError without WebAssembly SIMD
 * @example
 * const x = input(64);
 * const h = dense(64, { activation: "relu" }).apply(x);
 * const net = await model({ inputs: x, outputs: dense(10).apply(add([x, h])), seed: 1 });
 */
export async function model<const Outputs extends Symbols>(
  options: GraphOptions<Outputs>,
): Promise<Model<PredictionsOf<Outputs>>> {
  const known = { inputs: true, outputs: true, ...MODEL_OPTIONS };
  const { inputs, outputs, ...rest } = knownOptions<GraphOptions<Outputs>>(options, "model()", known);
  const core = await createCore(() => graphOf(inputs, outputs), rest);
  core.variables.initialize(core.seed);
  return new Model<PredictionsOf<Outputs>>(core);
}
