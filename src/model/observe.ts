// Gathers statistics where a program runs: records among those of the step, which read and change nothing.

import * as S from "../../assembly/shared/statistics.js";
import { activationNames, saturationThreshold } from "../activations/table.js";
import {
  type LayerObservation,
  openTensor,
  readTensor,
  type TensorStatistics,
  type WeightObservation,
} from "../diagnostics/observation.js";
import type { GraphBuilder } from "../program/builder.js";
import { type Node, rootOf, type Value } from "../program/graph.js";
import type { Region } from "../program/verify.js";
import type { Engine } from "../runtime/engine.js";
import type { Architecture } from "./architecture.js";
import type { Variable, Variables } from "./variables.js";

/** Where the statistics of one application of a layer are gathered: addresses of blocks. */
interface LayerBlocks {
  readonly output: number;
  readonly preActivation: number;
  readonly gradient: number;
  readonly slopes: number;
  readonly units: number;
}

/** Of one weight. */
interface WeightBlocks {
  readonly weights: number;
  readonly gradients: number;
}

const TENSOR_BYTES = Math.ceil((S.TENSOR_BLOCK_WORDS * 4) / 8) * 8;

/** The blocks of a model, for all its programs that observe. */
export class Observer {
  readonly region: Region;
  readonly #engine: Engine;
  readonly #architecture: Architecture;
  readonly #variables: Variables;
  readonly #layers: readonly LayerBlocks[];
  readonly #weights: ReadonlyMap<string, WeightBlocks>;
  /** By application: the name of the activation that it ends with. */
  readonly #activations = new Map<number, string>();
  /** The weights before the step that is observed. */
  #before: number | undefined;

  constructor(engine: Engine, architecture: Architecture, variables: Variables) {
    const { learned } = variables;
    const slopeBytes = (units: number) => Math.ceil(((S.SLOPE_BLOCK_WORDS + units) * 4) / 8) * 8;
    const units = architecture.applications.map(({ shape }) => shape.at(-1) ?? 1);
    const bytes =
      units.reduce((sum, width) => sum + 3 * TENSOR_BYTES + slopeBytes(width), 0) + learned.length * 2 * TENSOR_BYTES;
    let at = engine.heap.allocate(bytes, "statistics of the layers");
    this.region = { name: "the statistics", address: at, bytes, writable: true };
    const take = (size: number) => ((at += size), at - size);
    this.#engine = engine;
    this.#architecture = architecture;
    this.#variables = variables;
    this.#layers = units.map((width) => ({
      output: take(TENSOR_BYTES),
      preActivation: take(TENSOR_BYTES),
      gradient: take(TENSOR_BYTES),
      slopes: take(slopeBytes(width)),
      units: width,
    }));
    this.#weights = new Map(
      learned.map(({ name }) => [name, { weights: take(TENSOR_BYTES), gradients: take(TENSOR_BYTES) }]),
    );
    this.clear();
  }

  clear(): void {
    const { view } = this.#engine;
    this.#engine.u8(this.region.address, this.region.bytes).fill(0);
    for (const { output, preActivation, gradient } of this.#layers) {
      for (const block of [output, preActivation, gradient]) openTensor(view, block);
    }
    for (const { weights, gradients } of this.#weights.values()) {
      for (const block of [weights, gradients]) openTensor(view, block);
    }
  }

  /** Before a step of training: clears, and keeps the weights as they are. */
  beginStep(): void {
    this.clear();
    const { address, size } = this.#variables;
    this.#before ??= this.#variables.allocateRegion("the weights before a step that is observed");
    this.#engine.f32(this.#before, size).set(this.#engine.f32(address, size));
  }

  /** Emits among the records of one program. */
  session(b: GraphBuilder): ObserverSession {
    return new ObserverSession(b, this.#layers, this.#weights, this.#activations);
  }

  /** @param stepped A step was taken since `beginStep`: ‖Δw‖ is told. */
  read(trainable: readonly boolean[], stepped = false): LayerObservation[] {
    const { layers, applications } = this.#architecture;
    return applications.flatMap(({ layer }, i) => {
      const { name, kind } = layers[layer]!;
      const blocks = this.#layers[i]!;
      const output = this.#tensor(blocks.output);
      if (!output) return [];
      const first = applications.findIndex((other) => other.layer === layer) === i;
      const own = this.#variables.learned.filter((variable) => first && variable.layer === layer);
      return {
        name,
        className: kind.className,
        trainable: trainable[layer]!,
        ...optional("activation", this.#activations.get(i)),
        output,
        ...optional("preActivation", this.#tensor(blocks.preActivation)),
        ...optional("gradient", this.#tensor(blocks.gradient)),
        units: blocks.units,
        ...this.#slopes(blocks, this.#activations.get(i)),
        weights: own.flatMap((variable) => this.#weight(variable, stepped && trainable[layer]!)),
      };
    });
  }

  #slopes({ slopes, units }: LayerBlocks, activation: string | undefined) {
    const { view } = this.#engine;
    const elements = view.getFloat64(slopes + S.SLOPES_ELEMENTS, true);
    if (elements === 0 || activation === undefined) return {};
    let deadUnits = 0;
    for (let unit = 0; unit < units; unit++) {
      if (view.getUint32(slopes + S.SLOPES_ACTIVE + unit * 4, true) === 0) deadUnits++;
    }
    const saturates = saturationThreshold(activation) > 0;
    const saturatedFraction = view.getFloat64(slopes + S.SLOPES_SATURATED, true) / elements;
    return { deadUnits, ...(saturates && { saturatedFraction }) };
  }

  #weight({ name, offset, size }: Variable, moved: boolean): WeightObservation[] {
    const blocks = this.#weights.get(name)!;
    const weights = this.#tensor(blocks.weights);
    if (!weights) return [];
    const gradients = this.#tensor(blocks.gradients);
    const root = Math.sqrt(size);
    return [
      {
        name,
        weights,
        norm: weights.rms * root,
        ...(gradients && { gradients, gradientNorm: gradients.rms * root }),
        ...(moved && { updateNorm: this.#distance(offset, size) }),
      },
    ];
  }

  /** ‖Δw‖ */
  #distance(offset: number, size: number): number {
    const [now, before] = [this.#variables.address, this.#before!].map((region) => region + offset * 4);
    return Math.sqrt(this.#engine.exports.squaredDistance(size, now!, before!));
  }

  #tensor(block: number): TensorStatistics | undefined {
    return readTensor(this.#engine.view, block);
  }
}

/** Emits the records that gather, while one program is built. */
export class ObserverSession {
  readonly #b: GraphBuilder;
  readonly #layers: readonly LayerBlocks[];
  readonly #weights: ReadonlyMap<string, WeightBlocks>;
  readonly #activations: Map<number, string>;
  /** By the root of the value whose gradient is wanted: where its statistics go. */
  readonly #wanted = new Map<number, number>();

  constructor(
    b: GraphBuilder,
    layers: readonly LayerBlocks[],
    weights: ReadonlyMap<string, WeightBlocks>,
    activations: Map<number, string>,
  ) {
    this.#b = b;
    this.#layers = layers;
    this.#weights = weights;
    this.#activations = activations;
  }

  /** After a layer has emitted its records, from `first` on. */
  layer(application: number, first: number, output: Value): void {
    const b = this.#b;
    const { output: block, preActivation, gradient, slopes, units } = this.#layers[application]!;
    const activation = b.nodes.slice(first).find((node) => endsWith(node, output)) as Node<"activation"> | undefined;
    b.tensorStatistics(output, this.#block("output", block, S.TENSOR_BLOCK_WORDS));
    const { x } = activation?.operands ?? {};
    this.#wanted.set(rootOf(x ?? output).id, gradient);
    if (!activation || !x) return;
    const name = activationNames[activation.integers.activation!]!;
    this.#activations.set(application, name);
    b.tensorStatistics(x, this.#block("pre-activation", preActivation, S.TENSOR_BLOCK_WORDS));
    const block4 = this.#block("slopes", slopes, S.SLOPE_BLOCK_WORDS + units);
    b.slopeStatistics(activation, block4, saturationThreshold(name));
  }

  /** For `differentiate`. */
  readonly gradient = (value: Value, gradient: Value): void => {
    const block = this.#wanted.get(rootOf(value).id);
    if (block !== undefined) {
      this.#b.tensorStatistics(gradient, this.#block("gradient", block, S.TENSOR_BLOCK_WORDS));
    }
  };

  /** Once all gradients are there, before they are clipped. */
  weight(name: string, weight: Value): void {
    const { weights, gradients } = this.#weights.get(name)!;
    this.#b.tensorStatistics(weight, this.#block("weights", weights, S.TENSOR_BLOCK_WORDS));
    if (!weight.gradient) return;
    this.#b.tensorStatistics(weight.gradient, this.#block("gradients", gradients, S.TENSOR_BLOCK_WORDS));
  }

  #block(name: string, address: number, words: number): Value {
    return this.#b.value({ name: `statistics of ${name}`, shape: [words], perRow: false, address });
  }
}

/** Whether the node is an activation of the table, and what it makes is the output. */
function endsWith(node: Node, output: Value): boolean {
  if (node.op !== "activation" || activationNames[node.integers.activation!] === undefined) return false;
  return rootOf((node as Node<"activation">).operands.y!) === rootOf(output);
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
