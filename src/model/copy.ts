import { Engine } from "../runtime/engine.js";
import { type Compiled, Core } from "./core.js";

/**
 * Another model like this one as it is when called, in a memory of its own: weights, what is frozen, how it is compiled, and
 * the optimizer's state between two steps. Position in an epoch, callbacks and batches that wait for their step stay
 * behind.
 *
 * @param compiled Otherwise than the model itself, with the same slots.
 */
export async function copyOf(core: Core, compiled: Compiled | undefined = core.compiled): Promise<Core> {
  const restore = snapshot(core, compiled);
  return restore(await Engine.create(core.engine.threads));
}

/** Copies now; the function that is returned makes the model. */
function snapshot(core: Core, compiled: Compiled | undefined): (engine: Engine) => Core {
  const region = (address: number) => core.engine.f32(address, core.variables.size).slice();
  const slots = core.compiled ? [...core.regions.slots].map(([name, address]) => [name, region(address)] as const) : [];
  // By variable, as averages may stand before some, and not by `read`, as what is not finite is to be looked at too.
  const seen = core.variables.list.map((variable) => core.variables.view(variable).slice());
  const [trainable, rateMultipliers] = [[...core.trainable], [...core.rateMultipliers]];
  const { epochsBegun, learningRate } = core.progress;
  const { step } = core.run("train");
  return (engine) => {
    const { architecture, seed, windowBytes } = core;
    const copy = new Core(engine, architecture, { seed, windowBytes });
    copy.trainable.splice(0, Infinity, ...trainable);
    copy.rateMultipliers.splice(0, Infinity, ...rateMultipliers);
    if (compiled) copy.compile(compiled);
    copy.variables.list.forEach((variable, i) => copy.variables.view(variable).set(seen[i]!));
    const own = compiled ? copy.regions.slots : new Map<string, number>();
    for (const [name, values] of slots) {
      const address = own.get(name);
      if (address !== undefined) engine.f32(address, values.length).set(values);
    }
    copy.run("train").step = step;
    Object.assign(copy.progress, { epochsBegun, learningRate });
    return copy;
  };
}
