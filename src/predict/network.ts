// From a model file's description to a network that can be emitted: shapes of all tensors, weights by name.

import { resolveActivation } from "../activations/table.js";
import { shapeOf, show, suggest } from "../check.js";
import { UnsupportedError } from "../errors.js";
import { broken } from "../io/modelFile.js";
import { type Forward, FORWARD } from "../layers/forward.js";
import { type Form, type OutputPort, type Port, refuseHuge } from "../model/architecture.js";
import { portLabel } from "../model/ports.js";
import type { SavedArchitecture, SavedGraph } from "../model/saved.js";
import type { ForwardBuilder } from "../program/forward.js";
import type { Value } from "../program/graph.js";
import type { Shape } from "../shape.js";

/** A layer where it is applied. */
interface Step {
  readonly name: string;
  readonly layer: Forward<unknown>;
  readonly config: unknown;
  readonly inputs: readonly number[];
}

export interface Network {
  readonly inputs: readonly Port[];
  readonly outputs: readonly OutputPort[];
  readonly outputForm: Form;
  /** By name. */
  readonly weights: ReadonlyMap<string, Shape>;
  /** Each makes the next tensor; those of the inputs come first. */
  readonly steps: readonly Step[];
}

/** @throws ModelFormatError `model/bad-architecture`, UnsupportedError `model/unknown-layer` */
export function networkOf({ layers, inputShape, graph }: SavedArchitecture): Network {
  if (!Array.isArray(layers) || layers.length === 0) throw broken("architecture", "it lists no layers");
  const { inputs, applications, outputs, outputForm } =
    graph ?? chainOf(shapeOf(inputShape, "inputShape"), layers.length);
  const known = layers.map(layerOf);
  const weights = new Map<string, Shape>();
  const shapes: Shape[] = inputs.map(({ name, shape }) => shapeOf(shape, name));
  shapes.forEach((shape) => refuseHuge(shape, "A sample"));
  const steps = applications.map(({ layer: index, inputs: sources }): Step => {
    const found = known[index];
    if (!found) throw broken("architecture", `it applies layer ${show(index)}, and has ${layers.length}`);
    const { name, layer, config } = found;
    const [first, ...others] = sources.map((tensor) => shapeAt(shapes, tensor));
    if (!first || (others.length > 0 && !layer.merges)) throw broken("architecture", `"${name}" takes one input`);
    for (const [role, shape] of Object.entries(layer.weights?.(config, first) ?? {})) {
      weights.set(`${name}/${role}`, shapeOf(shape, `"${name}/${role}"`));
    }
    shapes.push(layer.outputShape(config, first, ...others));
    refuseHuge(shapes.at(-1)!, "A tensor");
    return { name, layer, config, inputs: sources };
  });
  const ports = outputs.map(({ name, tensor }) => ({ name, tensor, shape: shapeAt(shapes, tensor) }));
  return {
    inputs: inputs.map(({ name }, i) => ({ name, shape: shapes[i]! })),
    outputs: ports,
    outputForm,
    weights,
    steps,
  };
}

/** As a model has it whose layers stand in a row. */
function chainOf(shape: Shape, layers: number): SavedGraph {
  return {
    inputs: [{ name: "x", shape }],
    applications: Array.from({ length: layers }, (_, i) => ({ layer: i, inputs: [i] })),
    outputs: [{ name: "y", tensor: layers }],
    outputForm: "one",
  };
}

/** A step uses what is made before it, so there can be no cycle. */
function shapeAt(shapes: readonly Shape[], tensor: number): Shape {
  const shape = shapes[tensor];
  if (shape) return shape;
  throw broken("architecture", `tensor ${show(tensor)} is used before there is one: a cycle, or a number out of range`);
}

/** What older files leave out. */
const DEFAULTS = { useBias: true, sharedAxes: [], center: true, scale: true, offset: 0, axis: -1 };

function layerOf({ className, name, config }: SavedArchitecture["layers"][number], index: number) {
  if (typeof className !== "string" || typeof name !== "string" || typeof config !== "object" || config === null) {
    throw broken("architecture", `layer ${index} lacks className, name or config`);
  }
  if (!Object.hasOwn(FORWARD, className)) {
    throw new UnsupportedError(
      "model/unknown-layer",
      `The file's layer "${name}" is of class "${className}", which predictors do not have.${suggest(className, Object.keys(FORWARD))} ` +
        `A model of the whole library takes layers of your own: loadModel(source, { customObjects: { ${className}: … } }). There are ${Object.keys(FORWARD).join(", ")}.`,
    );
  }
  const given = config as { activation?: string };
  const activation = given.activation && { activation: resolveActivation(given.activation as "linear") };
  return { name, layer: FORWARD[className]! as Forward<unknown>, config: { ...DEFAULTS, ...config, ...activation } };
}

/** Emits the network; outputs go to their sinks. */
export function emitNetwork(b: ForwardBuilder, network: Network, weight: (name: string) => Value): void {
  const { inputs, outputs, steps } = network;
  const tensors: Value[] = inputs.map(({ shape }, i) => b.input(i, shape, portLabel("x", inputs, i)));
  for (const { name, layer, config, inputs: sources } of steps) {
    const variable = (role: string) => weight(`${name}/${role}`);
    const [first, ...others] = sources.map((tensor) => tensors[tensor]!);
    tensors.push(b.within(name, () => layer.emit(config, { b, variable }, first!, ...others)));
  }
  outputs.forEach(({ tensor }, i) => b.store(tensors[tensor]!, i));
}
