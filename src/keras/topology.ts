// A model's config as Keras writes it, both its dialects, as a network.

import { architectureOf, blamed, NameGiver } from "../io/foreign.js";
import { input } from "../layers/symbolic.js";
import type { Architecture } from "../model/architecture.js";
import { Model } from "../model/model.js";
import type { Prediction, Predictions } from "../model/predict.js";
import { createCore } from "../model/sequential.js";
import { type Dialect, isObject, objectAt, own } from "./config.js";
import { modelOf, MOST_DEPTH } from "./models.js";
import { Reader, type WeightSource } from "./reader.js";

export type { KerasArray, KerasLayer, WeightSource } from "./reader.js";

export interface TopologyOptions {
  seed?: number | undefined;
  /** All weights may take: a small file must not ask for a large network. */
  mostBytes: number;
}

/**
 * A network and its weights from what Keras says of a model: `{ class_name, config, … }` as JSON.
 *
 * Sequential, Functional and models within them, which are written out; layers that are called several times share their weights.
 *
 * @throws UnsupportedError `keras/unsupported-layer` naming layer and reason; ModelFormatError `keras/bad-topology`,
 *   `keras/bad-config`, `keras/bad-weights`
 */
export async function modelFromConfig<Output extends Predictions = Prediction>(
  config: unknown,
  weightsOf: WeightSource,
  options: TopologyOptions,
): Promise<Model<Output>> {
  const { seed, mostBytes } = options;
  const reader = new Reader(dialectOf(config), weightsOf, mostBytes);
  const architecture = architectureFrom(config, reader);
  const core = await createCore(() => architecture, seed === undefined ? {} : { seed });
  blamed("keras/bad-weights", "A weight", () => core.variables.write(reader.weights));
  return new Model<Output>(core);
}

function architectureFrom(config: unknown, reader: Reader): Architecture {
  const ports = new NameGiver();
  const given = objectAt(config, "the model");
  const model = modelOf(reader, given, { path: [], trainable: true, depth: 0 }, true);
  const inputs = model.inputs.map(({ name, shape }) => input(shape, { name: ports.give(name, "input") }));
  const outputs = model.call(inputs, false);
  const exits = new NameGiver();
  const names = outputs.map((_, i) => exits.give(model.outputNames[i] ?? "", "output"));
  return blamed("keras/bad-topology", "The network", () =>
    architectureOf(inputs, outputs, { names, form: model.form }),
  );
}

/** Marks that Keras 3 alone leaves: shapes and calls under other names, and types as policies. */
function dialectOf(config: unknown): Dialect {
  const stack: { value: unknown; depth: number }[] = [{ value: config, depth: 0 }];
  while (stack.length > 0) {
    const { value, depth } = stack.pop()!;
    if (!isObject(value) || depth > MOST_DEPTH) continue;
    const options = own(value, "config");
    const nodes = own(value, "inbound_nodes");
    if (Array.isArray(nodes) && isObject(nodes[0])) return 3;
    if (!isObject(options)) continue;
    const type = own(options, "dtype");
    if (Object.hasOwn(options, "batch_shape") || (isObject(type) && own(type, "class_name") === "DTypePolicy"))
      return 3;
    const layers = own(options, "layers");
    if (Array.isArray(layers)) for (const layer of layers) stack.push({ value: layer, depth: depth + 1 });
  }
  return 2;
}
