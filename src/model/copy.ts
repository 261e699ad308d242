import { Engine } from "../runtime/engine.js";
import { type Compiled, Core } from "./core.js";
import { atRest, putState, takeState } from "./state.js";

/**
 * Another model like this one as it is when called, in a memory of its own: weights, what is frozen, how it is compiled, and
 * the optimizer's state between two steps. Position in an epoch, callbacks and batches that wait for their step stay
 * behind.
 *
 * @param compiled Otherwise than the model itself, with the same slots.
 */
export async function copyOf(core: Core, compiled: Compiled | undefined = core.compiled): Promise<Core> {
  const { architecture, seed, windowBytes } = core;
  const state = atRest(takeState(core));
  const [trainable, rateMultipliers] = [[...core.trainable], [...core.rateMultipliers]];
  const { learningRate } = core.progress;
  const copy = new Core(await Engine.create(core.engine), architecture, { seed, windowBytes });
  copy.trainable.splice(0, Infinity, ...trainable);
  copy.rateMultipliers.splice(0, Infinity, ...rateMultipliers);
  if (compiled) copy.compile(compiled);
  putState(copy, state);
  Object.assign(copy.progress, { learningRate });
  return copy;
}
