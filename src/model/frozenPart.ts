// The part of a network that a training step leaves as it is: what it makes of a row is the same in every epoch.

import { MAX_SINKS, MAX_SOURCES } from "../../assembly/shared/layout.js";
import { ConfigError } from "../errors.js";
import type { Node } from "../program/graph.js";
import type { OpName } from "../program/ops.js";
import type { Architecture } from "./architecture.js";

/** Applications of layers at the bottom, none of which is trained or differs from step to step. */
export interface FrozenPart {
  readonly applications: ReadonlySet<number>;
  /** Tensors that the rest of the network reads, in order: what the part makes, and inputs that go around it. */
  readonly tensors: readonly number[];
}

/** What one application of a layer emits in training. */
export interface Trace {
  readonly nodes: readonly Node[];
  /** A weight below it, or its own, is trained. */
  readonly needsGradient: boolean;
}

/** Ops whose output of a row is another one in each step, and why. */
const VARYING: { readonly [K in OpName]?: string } = {
  dropout: "draws which elements it drops anew in each step",
  alphaDropout: "draws which elements it drops anew in each step",
  gaussianNoise: "draws its noise anew in each step",
  batchNorm: "takes its statistics over the other rows of each batch, as it is not frozen itself",
};

/**
 * The largest such part, or undefined where no frozen weight is in it.
 *
 * @param learns Whether a layer has weights that gradients change, frozen or not.
 * @param refuse Throw rather than leave frozen layers out.
 * @throws ConfigError `config/nothing-frozen`, `config/random-frozen`, `config/too-many-ports`
 */
export function frozenPartOf(
  architecture: Architecture,
  traces: readonly Trace[],
  learns: (layer: number) => boolean,
  { refuse }: { refuse: boolean },
): FrozenPart | undefined {
  const { applications, outputs } = architecture;
  const { part, steady, blocked } = survey(architecture, traces, learns);
  if (refuse && blocked) throw randomBelow(architecture, traces, blocked);
  if (![...part].some((i) => learns(applications[i]!.layer))) {
    if (!refuse) return undefined;
    throw nothingFrozen(architecture, learns);
  }
  const wanted = new Set(applications.flatMap(({ inputs }, i) => (part.has(i) ? [] : inputs)));
  for (const { tensor } of outputs) wanted.add(tensor);
  const tensors = [...wanted].filter((tensor) => steady.has(tensor)).sort((a, b) => a - b);
  const fits = tensors.length <= MAX_SINKS && tensors.length + 2 * outputs.length <= MAX_SOURCES;
  if (!fits && refuse) throw tooMany(tensors.length);
  return fits ? { applications: part, tensors } : undefined;
}

/** A frozen application above one whose output varies. */
interface Blocked {
  readonly frozen: number;
  readonly varying: number;
}

/** What no training reaches: the applications whose outputs stay the same, and the first frozen one whose do not. */
function survey(
  { inputs, applications }: Architecture,
  traces: readonly Trace[],
  learns: (layer: number) => boolean,
): { part: ReadonlySet<number>; steady: ReadonlySet<number>; blocked: Blocked | undefined } {
  const part = new Set<number>();
  const steady = new Set(inputs.keys());
  /** By tensor: the application that makes it vary. */
  const varying = new Map<number, number>();
  let blocked: Blocked | undefined;
  applications.forEach(({ layer, inputs, output }, i) => {
    const { nodes, needsGradient } = traces[i]!;
    if (needsGradient) return;
    const below = inputs.map((tensor) => varying.get(tensor)).find((application) => application !== undefined);
    if (below !== undefined && learns(layer)) blocked ??= { frozen: i, varying: below };
    if (below !== undefined || reasonOf(nodes) !== undefined) varying.set(output, below ?? i);
    else {
      part.add(i);
      steady.add(output);
    }
  });
  return { part, steady, blocked };
}

function reasonOf(nodes: readonly Node[]): string | undefined {
  return nodes.map(({ op }) => VARYING[op]).find((reason) => reason !== undefined);
}

function randomBelow({ layers, applications }: Architecture, traces: readonly Trace[], blocked: Blocked): ConfigError {
  const [frozen, varying] = [blocked.frozen, blocked.varying].map((i) => layers[applications[i]!.layer]!.name);
  const { nodes } = traces[blocked.varying]!;
  const cure = nodes.some(({ op }) => op === "batchNorm") ? "freeze it too" : `thaw "${frozen}"`;
  return new ConfigError(
    "config/random-frozen",
    `cacheFrozen keeps what frozen layers make of each row, and "${varying}", below the frozen "${frozen}", ${reasonOf(nodes)}. ` +
      `Build the network without "${varying}", ${cure}, or leave cacheFrozen out.`,
  );
}

function nothingFrozen({ layers, applications }: Architecture, learns: (layer: number) => boolean): ConfigError {
  const lowest = applications.find(({ layer }) => learns(layer));
  const reason = lowest ? `"${layers[lowest.layer]!.name}" is trained` : "no layer has weights to train";
  return new ConfigError(
    "config/nothing-frozen",
    `cacheFrozen keeps what frozen layers at the bottom make of each row, and there are none: ${reason}. ` +
      "Freeze the lower layers, such as by model.setTrainable(pattern, false), or leave cacheFrozen out.",
  );
}

function tooMany(tensors: number): ConfigError {
  return new ConfigError(
    "config/too-many-ports",
    `cacheFrozen can keep up to ${MAX_SINKS} outputs of frozen layers that the rest reads; this network has ${tensors}. Leave it out.`,
  );
}
