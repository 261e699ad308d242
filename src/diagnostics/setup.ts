// A network and how it is trained, as something that a cure changes: layers, where each is applied, and what compile is given.

import { type ActivationDescription, type ActivationName, elementwise } from "../activations/table.js";
import type { ClipDescription } from "../clipping/index.js";
import { LayerSpec } from "../layers/layer.js";
import type { OptimizerDescription } from "../optimizers/index.js";
import type { Shape } from "../shape.js";

/** One application of a layer; tensors are numbered, those of the inputs first. */
export interface Step {
  /** Its place among the layers. */
  readonly layer: number;
  readonly inputs: readonly number[];
  readonly output: number;
}

/** An input and the rows that come through it in training. */
export interface SetupInput {
  readonly name: string;
  /** Of a row. */
  readonly shape: Shape;
  readonly data: Float32Array | Uint8Array;
}

/** All that a training begins with but the seed. */
export interface Setup {
  readonly inputs: readonly SetupInput[];
  /** Each of another name. */
  readonly layers: readonly LayerSpec[];
  /** Each after those that make its inputs. */
  readonly steps: readonly Step[];
  /** Tensors. */
  readonly outputs: readonly number[];
  readonly optimizer: OptimizerDescription;
  readonly clip: ClipDescription | undefined;
  readonly classWeight: Readonly<Record<number, number>> | undefined;
}

type Config = Readonly<Record<string, unknown>>;

/** Layers of one's own merge whatever they are called. */
export function isOwn({ kind }: LayerSpec, ...classNames: readonly string[]): boolean {
  return classNames.includes(kind.className) && !kind.merges;
}

export const isNormalization = (spec: LayerSpec): boolean =>
  isOwn(spec, "BatchNormalization", "LayerNormalization", "Normalization");

export function configOf(spec: LayerSpec): Config {
  return spec.config as Config;
}

/** The same layer with other options; `changes` are complete descriptions. */
export function withConfig({ kind, config, ...options }: LayerSpec, changes: Config): LayerSpec {
  const { name, trainable, learningRateMultiplier } = options;
  const common = { trainable, learningRateMultiplier, ...(name !== undefined && { name }) };
  return new LayerSpec(kind, { ...(config as Config), ...changes }, common);
}

/** The activation that a layer of the library applies by itself; undefined where that is none, or not elementwise. */
export function activationOf(spec: LayerSpec): ActivationDescription | undefined {
  if (!isOwn(spec, "Dense", "Activation")) return undefined;
  const own = configOf(spec).activation as ActivationDescription;
  return own.name !== "linear" && elementwise(own) ? own : undefined;
}

/** Of a layer that has an activation. */
export function ownName(spec: LayerSpec): ActivationName {
  return (configOf(spec).activation as ActivationDescription).name;
}

/** Its own, or the one that is applied to what it makes, with nothing but normalization and dropout between. */
export function activationBehind(setup: Setup, layer: number): ActivationDescription | undefined {
  const spec = setup.layers[layer]!;
  const own = activationOf(spec);
  if (own) return own;
  if (isOwn(spec, "Dense", "Activation") && ownName(spec) !== "linear") return undefined; // softmax and its like
  const first = setup.steps.find((step) => step.layer === layer);
  const [next, ...others] = first ? usersOf(setup, first.output) : [];
  if (!next || others.length > 0) return undefined;
  const follower = setup.layers[next.layer]!;
  const passes = isNormalization(follower) || isOwn(follower, "Activation", "Dropout", "AlphaDropout", "GaussianNoise");
  return passes ? activationBehind(setup, next.layer) : undefined;
}

export function usersOf({ steps }: Setup, tensor: number): readonly Step[] {
  return steps.filter(({ inputs }) => inputs.includes(tensor));
}

export function makerOf({ steps, layers }: Setup, tensor: number): LayerSpec | undefined {
  const maker = steps.find(({ output }) => output === tensor);
  return maker && layers[maker.layer];
}

/** Whether what the layer makes is an output of the network. */
export function makesOutput({ steps, outputs }: Setup, layer: number): boolean {
  return steps.some((step) => step.layer === layer && outputs.includes(step.output));
}

/** Each layer as `change` has it; undefined where it leaves all as they are. */
export function mapLayers(setup: Setup, change: (spec: LayerSpec, layer: number) => LayerSpec): Setup | undefined {
  const layers = setup.layers.map(change);
  return layers.some((spec, i) => spec !== setup.layers[i]) ? { ...setup, layers } : undefined;
}

/** Layers and steps while they are put together anew. */
export class SetupDraft {
  readonly layers: LayerSpec[];
  readonly steps: Step[] = [];
  readonly #names: Set<string | undefined>;
  #tensors: number;

  constructor({ inputs, layers, steps }: Setup) {
    this.layers = [...layers];
    this.#names = new Set(layers.map(({ name }) => name));
    this.#tensors = Math.max(inputs.length, ...steps.map(({ output }) => output + 1));
  }

  /** Applies a new layer, made for a free name; its output is returned. */
  apply(make: (name: string) => LayerSpec, base: string, input: number, output = this.tensor()): number {
    let name = base;
    while (this.#names.has(name)) name += "_";
    this.#names.add(name);
    this.steps.push({ layer: this.layers.push(make(name)) - 1, inputs: [input], output });
    return output;
  }

  /** The number of one more. */
  tensor(): number {
    return this.#tensors++;
  }
}
