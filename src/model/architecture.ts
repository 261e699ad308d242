import { ConfigError, ShapeError } from "../errors.js";
import type { LayerKind, LayerSpec } from "../layers/layer.js";
import { formatShape, type Shape } from "../shape.js";

/** One layer of a model with the shapes it has there. */
export interface PlacedLayer {
  readonly name: string;
  readonly kind: LayerKind;
  readonly config: unknown;
  readonly trainable: boolean;
  readonly learningRateMultiplier: number;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
}

/** One use of a layer: tensors are numbered, 0 … inputs − 1 being the model's inputs. */
export interface Application {
  readonly layer: number;
  readonly input: number;
  readonly output: number;
}

/** Which layers there are, and how they are joined. A chain is the simplest case. */
export interface Architecture {
  readonly inputShapes: readonly Shape[];
  readonly layers: readonly PlacedLayer[];
  readonly applications: readonly Application[];
  readonly output: number;
  readonly outputShape: Shape;
}

/** Layers one after the other. */
export function chain(inputShape: Shape, specs: readonly LayerSpec[]): Architecture {
  const layers: PlacedLayer[] = [];
  const names = new Set<string>();
  let shape = inputShape;
  for (const spec of specs) {
    refuseNonLayer(spec);
    const name = nameOf(spec, names);
    names.add(name);
    const outputShape = spec.kind.outputShape(spec.config, shape);
    layers.push({
      name,
      kind: spec.kind,
      config: spec.config,
      trainable: spec.trainable,
      learningRateMultiplier: spec.learningRateMultiplier,
      inputShape: shape,
      outputShape,
    });
    shape = outputShape;
  }
  return {
    inputShapes: [inputShape],
    layers,
    applications: layers.map((_, i) => ({ layer: i, input: i, output: i + 1 })),
    output: layers.length,
    outputShape: shape,
  };
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
