// The lower part of a network: all that one layer's output is made of.

import { ConfigError } from "../errors.js";
import { type Application, type Architecture, isChain } from "./architecture.js";
import type { Core } from "./core.js";

/** A part as a network of its own, as it is now. */
export interface Part {
  readonly architecture: Architecture;
  /** By its layers: which of the whole network's they are. */
  readonly layers: readonly number[];
}

/**
 * The part whose output is that of a layer.
 *
 * @throws ConfigError `config/ambiguous-layer` where it is applied several times
 */
export function partUpTo(core: Core, layer: number): Part {
  const { inputs, layers, applications } = core.architecture;
  const top = applicationOf(core.architecture, layer);
  const wanted = new Set([top.output]);
  for (const { output, inputs } of applications.toReversed()) {
    if (wanted.has(output)) for (const tensor of inputs) wanted.add(tensor);
  }
  // What is wanted, numbered anew in the order that it had.
  const tensors = numbering([...inputs.keys(), ...applications.map(({ output }) => output)], wanted);
  const used = applications.filter(({ output }) => wanted.has(output));
  const kept = numbering(layers.keys(), new Set(used.map((application) => application.layer)));
  const { trainable, rateMultipliers } = core;
  const architecture: Architecture = {
    inputs: inputs.filter((_, tensor) => wanted.has(tensor)),
    layers: [...kept.keys()].map((i) => ({
      ...layers[i]!,
      trainable: trainable[i]!,
      learningRateMultiplier: rateMultipliers[i]!,
    })),
    applications: used.map(({ layer, inputs, output, shape }) => ({
      layer: kept.get(layer)!,
      inputs: inputs.map((tensor) => tensors.get(tensor)!),
      output: tensors.get(output)!,
      shape,
    })),
    outputs: [{ name: layers[layer]!.name, shape: top.shape, tensor: tensors.get(top.output)! }],
    outputForm: "one",
  };
  return {
    architecture: isChain(architecture) ? withOutput(architecture, "y") : architecture,
    layers: [...kept.keys()],
  };
}

function applicationOf({ layers, applications }: Architecture, layer: number): Application {
  const [first, ...more] = applications.filter((application) => application.layer === layer);
  if (more.length === 0) return first!;
  throw new ConfigError(
    "config/ambiguous-layer",
    `Layer "${layers[layer]!.name}" is applied ${more.length + 1} times, so "up to" it may mean each of its outputs. Name a layer that is applied once.`,
  );
}

function numbering(all: Iterable<number>, wanted: ReadonlySet<number>): Map<number, number> {
  return new Map([...all].filter((one) => wanted.has(one)).map((one, i) => [one, i]));
}

/** As chains call it. */
function withOutput(architecture: Architecture, name: string): Architecture {
  return { ...architecture, outputs: architecture.outputs.map((port) => ({ ...port, name })) };
}
