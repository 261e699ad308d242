import { Engine } from "../runtime/engine.js";
import { Core } from "./core.js";

/**
 * Another model like this one, in a memory of its own: weights, what is frozen, how it is compiled, and the optimizer's
 * state between two steps. Position in an epoch, callbacks and batches that wait for their step stay behind.
 */
export async function copyOf(core: Core): Promise<Core> {
  const { architecture, seed, windowBytes } = core;
  const copy = new Core(await Engine.create(), architecture, { seed, windowBytes });
  core.trainable.forEach((trainable, layer) => (copy.trainable[layer] = trainable));
  core.rateMultipliers.forEach((multiplier, layer) => (copy.rateMultipliers[layer] = multiplier));
  if (core.compiled) copyTraining(core, copy);
  // Region by region rather than by `write`, which refuses what is not finite: such a network is to be looked at too.
  for (const variable of core.variables.list) copy.variables.view(variable).set(core.variables.view(variable));
  return copy;
}

function copyTraining(core: Core, copy: Core): void {
  copy.compile(core.compiled!);
  const { size } = core.variables;
  for (const [name, to] of copy.regions.slots) {
    copy.engine.f32(to, size).set(core.engine.f32(core.regions.slots.get(name)!, size));
  }
  copy.run("train").step = core.run("train").step;
  copy.progress.learningRate = core.progress.learningRate;
}
