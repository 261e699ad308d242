import { type Core, NO_GROUP, type Progress } from "./core.js";
import type { Group } from "../program/run.js";

/** How training stands, as plain data that can be posted: all that a resume goes on from but for callbacks and settings. */
export interface TrainingState {
  /** By variable, as they are seen: averages may stand before some. */
  readonly seen: readonly Float32Array<ArrayBuffer>[];
  /** What the optimizer keeps, by its slots' names. */
  readonly slots: ReadonlyMap<string, Float32Array<ArrayBuffer>>;
  /** Optimizer steps done. */
  readonly step: number;
  readonly group: Group;
  readonly progress: Readonly<Pick<Progress, "epoch" | "position" | "epochsBegun" | "sums" | "rows">>;
}

/** A copy; not by `read`, as what is not finite is to be had too. */
export function takeState(core: Core): TrainingState {
  const { variables, engine, compiled } = core;
  const region = (address: number) => engine.f32(address, variables.size).slice();
  const slots = compiled ? [...core.regions.slots].map(([name, address]) => [name, region(address)] as const) : [];
  const { epoch, position, epochsBegun, sums, rows } = core.progress;
  const { step, group } = core.run("train");
  return {
    seen: variables.list.map((variable) => variables.view(variable).slice()),
    slots: new Map(slots),
    step,
    group,
    progress: { epoch, position, epochsBegun, sums, rows },
  };
}

/** Brings a model of the same layers to that state; slots that it does not have are left out. */
export function putState(core: Core, { seen, slots, step, group, progress }: TrainingState): void {
  const run = core.run("train");
  if (group.batches > 0) core.reserveAccumulator();
  run.group = group; // before the slots, of which its gradient is one
  core.variables.list.forEach((variable, i) => core.variables.view(variable).set(seen[i]!));
  const own = core.compiled ? core.regions.slots : new Map<string, number>();
  for (const [name, values] of slots) {
    const address = own.get(name);
    if (address !== undefined) core.engine.f32(address, values.length).set(values);
  }
  run.step = step;
  Object.assign(core.progress, progress);
}

/** The same between two steps and at no place of an epoch. */
export function atRest(state: TrainingState): TrainingState {
  const { epochsBegun } = state.progress;
  const progress = { epoch: 0, position: 0, epochsBegun, sums: { loss: 0, samples: 0, metrics: [] }, rows: 0 };
  return { ...state, group: NO_GROUP, progress };
}

/** Its memory, to be posted rather than copied. */
export function buffersOf({ seen, slots }: TrainingState): ArrayBuffer[] {
  return [...seen, ...slots.values()].map(({ buffer }) => buffer);
}
