import { boolean, show } from "../check.js";
import { ConfigError } from "../errors.js";
import { LayerSpec, rateMultiplier } from "../layers/layer.js";
import type { Shape } from "../shape.js";
import type { PlacedLayer } from "./architecture.js";
import type { Core } from "./core.js";

/** A layer of a model: a handle on the part that the model owns. */
export class Layer {
  readonly #core: Core;
  readonly #index: number;

  constructor(core: Core, index: number) {
    this.#core = core;
    this.#index = index;
  }

  get name(): string {
    return this.#placed.name;
  }

  /** Keras's name of its class, such as "Dense". */
  get className(): string {
    return this.#placed.kind.className;
  }

  /** Its options, complete, as they stand in a file. */
  get config(): unknown {
    return this.#placed.config;
  }

  get inputShape(): Shape {
    return this.#placed.inputShape;
  }

  get outputShape(): Shape {
    return this.#placed.outputShape;
  }

  /** @internal The layer as it was asked for, as it is now: for models made from this one. */
  toSpec(): LayerSpec {
    const { kind, config, name } = this.#placed;
    return new LayerSpec(kind, config, {
      name,
      trainable: this.trainable,
      learningRateMultiplier: this.learningRateMultiplier,
    });
  }

  /** Whether training changes its weights. Setting it takes effect at the next step; optimizer state is kept. */
  get trainable(): boolean {
    return this.#core.trainable[this.#index]!;
  }

  set trainable(trainable: boolean) {
    this.#core.setTrainable(this.#index, boolean(trainable, `trainable of layer "${this.name}"`));
  }

  /** What the learning rate is multiplied by for its weights (default 1); setting it takes effect at the next step. */
  get learningRateMultiplier(): number {
    return this.#core.rateMultipliers[this.#index]!;
  }

  set learningRateMultiplier(multiplier: number) {
    this.#core.setRateMultiplier(this.#index, rateMultiplier(multiplier));
  }

  /**
   * How many numbers its weights are; with `trainable`, only those that training changes through gradients.
   *
   * @example model.getLayer("hidden").countParams(); // 4 × 8 + 8 = 40
   */
  countParams({ trainable = false } = {}): number {
    const { variables, trainableVariables } = this.#core;
    const own = (trainable ? trainableVariables : variables.list).filter(({ layer }) => layer === this.#index);
    return own.reduce((sum, { size }) => sum + size, 0);
  }

  /** @internal Whether it has weights that gradients change, frozen or not. */
  get learns(): boolean {
    return this.#core.variables.learned.some(({ layer }) => layer === this.#index);
  }

  get #placed(): PlacedLayer {
    return this.#core.architecture.layers[this.#index]!;
  }
}

/** A layer's name, what is found in the names, or a function that says yes. */
export type LayerPattern = string | RegExp | ((layer: Layer) => boolean);

/** @throws ConfigError `config/unknown-layer` where there is none, `config/bad-pattern` */
export function matching(layers: readonly Layer[], pattern: Exclude<LayerPattern, string>): Layer[] {
  const found = layers.filter(testOf(pattern));
  if (found.length > 0) return found;
  const what = pattern instanceof RegExp ? String(pattern) : "the function";
  throw new ConfigError(
    "config/unknown-layer",
    `No layer matches ${what}. This model has ${layers.map(({ name }) => name).join(", ")}.`,
  );
}

function testOf(pattern: unknown): (layer: Layer) => boolean {
  if (typeof pattern === "function") return pattern as (layer: Layer) => boolean;
  if (pattern instanceof RegExp) return ({ name }) => name.search(pattern) >= 0; // unlike test, it keeps no lastIndex
  throw new ConfigError(
    "config/bad-pattern",
    `Layers are named by a text, a RegExp or a function of a layer; got ${show(pattern)}.`,
  );
}
