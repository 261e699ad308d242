import { ConfigError, ShapeError } from "../errors.js";
import type { GivenWeights, LayerKind, LayerSpec, VariableSpec } from "../layers/layer.js";
import { formatShape, sameShape, type Shape } from "../shape.js";

/** One layer of a model with the shapes that it has where it is first applied. */
export interface PlacedLayer {
  readonly name: string;
  readonly kind: LayerKind;
  readonly config: unknown;
  readonly trainable: boolean;
  readonly learningRateMultiplier: number;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly variables: readonly VariableSpec[];
}

/** One use of a layer: tensors are numbered, 0 … inputs − 1 being the model's inputs. */
export interface Application {
  readonly layer: number;
  readonly inputs: readonly number[];
  readonly output: number;
  /** Of the output. */
  readonly shape: Shape;
}

/** Where data enter, or leave: what they are called and what shape a sample has. */
export interface Port {
  readonly name: string;
  readonly shape: Shape;
}

export interface OutputPort extends Port {
  readonly tensor: number;
}

/** How the user gave inputs or outputs, and gets them back: one by itself, a list of them, or a record by name. */
export type Form = "one" | "list" | "record";

/** Which layers there are, and how they are joined. A chain is the simplest case. */
export interface Architecture {
  readonly inputs: readonly Port[];
  readonly layers: readonly PlacedLayer[];
  /** Each after those that make its inputs. */
  readonly applications: readonly Application[];
  readonly outputs: readonly OutputPort[];
  readonly outputForm: Form;
}

/** Whether each layer is applied once, to what the one before it made. */
export function isChain({ inputs, layers, applications, outputs, outputForm }: Architecture): boolean {
  const inLine = applications.every(
    ({ layer, inputs: [input, ...more] }, i) => layer === i && input === i && !more.length,
  );
  const ends = inputs.length === 1 && outputForm === "one" && outputs[0]!.tensor === layers.length;
  return inLine && ends && applications.length === layers.length;
}

/** Layers one after the other. */
export function chain(inputShape: Shape, specs: readonly LayerSpec[]): Architecture {
  const plan = new Plan(1);
  let [tensor, shape] = [0, inputShape];
  for (const spec of specs) {
    refuseNonLayer(spec);
    const layer = plan.place(spec, [shape]); // each by itself, also where one description stands in the list twice
    ({ tensor, shape } = plan.apply(layer, [tensor], [shape]));
  }
  const { layers, applications } = plan;
  return {
    inputs: [{ name: "x", shape: inputShape }],
    layers,
    applications,
    outputs: [{ name: "y", shape, tensor }],
    outputForm: "one",
  };
}

/** Collects layers and applications; tensors are numbered behind those of the inputs. */
export class Plan {
  readonly layers: PlacedLayer[] = [];
  readonly applications: Application[] = [];
  readonly #names = new Set<string>();
  #tensors: number;

  constructor(inputs: number) {
    this.#tensors = inputs;
  }

  /** Names a layer and fixes what its weights are; its index is returned. */
  place(spec: LayerSpec, inputs: readonly Shape[]): number {
    const name = nameOf(spec, this.#names);
    this.#names.add(name);
    const { kind, config, trainable, learningRateMultiplier, weights } = spec;
    const [inputShape, ...others] = inputs as [Shape, ...Shape[]];
    const variables = kind.variables(config, inputShape, ...others);
    this.layers.push({
      name,
      kind,
      config,
      trainable,
      learningRateMultiplier,
      inputShape,
      outputShape: kind.outputShape(config, inputShape, ...others),
      variables: weights ? variables.map((variable) => startingFrom(weights, variable, name, inputShape)) : variables,
    });
    return this.layers.length - 1;
  }

  /** @throws ShapeError `shape/shared-layer` where a layer that is used again would need other weights */
  apply(layer: number, tensors: readonly number[], shapes: readonly Shape[]): { tensor: number; shape: Shape } {
    const { name, kind, config, variables } = this.layers[layer]!;
    const [first, ...others] = shapes as [Shape, ...Shape[]];
    const shape = kind.outputShape(config, first, ...others);
    for (const { role, shape: needed } of kind.variables(config, first, ...others)) {
      const own = variables.find((variable) => variable.role === role)?.shape;
      if (own && sameShape(own, needed)) continue;
      throw new ShapeError(
        "shape/shared-layer",
        `Layer "${name}" is applied twice and shares its weights: its ${role} is ${own ? formatShape(own) : "missing"} in the first place, ` +
          `and would be ${formatShape(needed)} for an input of shape ${formatShape(first, true)}.`,
      );
    }
    this.applications.push({ layer, inputs: tensors, output: this.#tensors, shape });
    return { tensor: this.#tensors++, shape };
  }
}

/** The variable as it was learned elsewhere. */
function startingFrom(weights: GivenWeights, variable: VariableSpec, layer: string, input: Shape): VariableSpec {
  const given = weights.get(variable.role);
  if (given && sameShape(given.shape, variable.shape)) {
    return { ...variable, initializer: { name: "custom", draw: () => given.data } };
  }
  throw new ShapeError(
    "shape/reused-weights",
    `Layer "${layer}" comes with its weights, and its ${variable.role} is ${given ? formatShape(given.shape) : "missing"}; ` +
      `an input of shape ${formatShape(input, true)} would need ${formatShape(variable.shape)}. Put it behind what it was trained behind.`,
  );
}

function refuseNonLayer(spec: LayerSpec): void {
  if (typeof spec !== "object" || spec === null || typeof spec.kind?.emit !== "function") {
    throw new ConfigError(
      "config/not-a-layer",
      `layers takes what layer factories return, such as dense(10) or flatten(); got ${typeof spec === "function" ? "a function: call it" : String(spec)}.`,
    );
  }
}

/** The given name, or Keras's: the class in snake case, numbered from the second on. */
function nameOf({ name, kind }: LayerSpec, taken: ReadonlySet<string>): string {
  if (name === undefined) {
    const base = kind.className.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toLowerCase();
    for (let i = 0; ; i++) {
      const candidate = i === 0 ? base : `${base}_${i}`;
      if (!taken.has(candidate)) return candidate;
    }
  }
  if (typeof name !== "string" || !/^[^/\s][^/]*$/.test(name)) {
    throw new ConfigError(
      "config/bad-name",
      `A layer's name must be a text without "/", as weights are called <layer>/kernel; got ${JSON.stringify(name)}.`,
    );
  }
  if (taken.has(name)) {
    throw new ConfigError("config/duplicate-name", `Two layers are called "${name}". Give each a name of its own.`);
  }
  return name;
}

/** @throws ShapeError `shape/too-large` where an array would outgrow what 32-bit addresses reach */
export function refuseHuge(shape: Shape, what: string): void {
  if (shape.reduce((product, size) => product * size, 4) > 0xffff0000) {
    throw new ShapeError("shape/too-large", `${what} of shape ${formatShape(shape)} would take more than 4 GiB.`);
  }
}
