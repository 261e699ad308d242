// The layers of a model.json and how they are joined.

import type { Port } from "../model/architecture.js";

/** A value of the graph: which call of which layer made it. */
export interface Ref {
  readonly layer: string;
  readonly node: number;
}

interface Written {
  readonly className: string;
  readonly config: object;
  /** Its calls. */
  readonly nodes: (readonly Ref[])[];
}

/** Collects layers in the order of their first calls, and names them, each once. */
export class Writer {
  readonly entries: readonly Ref[];
  readonly #inputs: readonly Port[];
  readonly #layers = new Map<string, Written>();
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>();
  /** Our names of weights by those in the file. */
  readonly weights = new Map<string, string>();

  constructor(inputs: readonly Port[]) {
    this.#inputs = inputs.map(({ name, shape }) => ({ name: this.#fresh(name), shape }));
    this.entries = this.#inputs.map(({ name }) => ({ layer: name, node: 0 }));
  }

  /** Calls a layer; called again under the same name, it is the same layer. */
  call(name: string, className: string, config: object, inputs: readonly Ref[]): Ref {
    const given = this.nameOf(name);
    const layer = this.#layers.get(given) ?? { className, config: { name: given, ...config }, nodes: [] };
    this.#layers.set(given, layer);
    layer.nodes.push(inputs);
    return { layer: given, node: layer.nodes.length - 1 };
  }

  /** What a layer of ours, or a step of it, is called there. */
  nameOf(name: string): string {
    const given = this.#names.get(name) ?? this.#fresh(name);
    this.#names.set(name, given);
    return given;
  }

  #fresh(name: string): string {
    const base = name.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^[^A-Za-z0-9]/, "x$&");
    let given = base;
    for (let i = 1; this.#taken.has(given); i++) given = `${base}_${i}`;
    this.#taken.add(given);
    return given;
  }

  config(outputs: readonly Ref[]): object {
    return this.#isChain(outputs) ? this.#sequential() : this.#functional(outputs);
  }

  #isChain(outputs: readonly Ref[]): boolean {
    let last = this.entries[0]!.layer;
    for (const [name, { nodes }] of this.#layers) {
      if (nodes.length !== 1 || nodes[0]!.length !== 1 || nodes[0]![0]!.layer !== last) return false;
      last = name;
    }
    return this.entries.length === 1 && outputs.length === 1 && outputs[0]!.layer === last;
  }

  #sequential(): object {
    const layers = [...this.#layers.values()].map(({ className, config }) => ({ class_name: className, config }));
    const { shape } = this.#inputs[0]!;
    const [first, ...others] = layers;
    const opened = { ...first!, config: { ...first!.config, batch_input_shape: [null, ...shape], dtype: "float32" } };
    return { class_name: "Sequential", config: { name: "sequential", layers: [opened, ...others] } };
  }

  #functional(outputs: readonly Ref[]): object {
    const entries = this.#inputs.map(({ name, shape }) => ({
      class_name: "InputLayer",
      name,
      config: { batch_input_shape: [null, ...shape], dtype: "float32", sparse: false, name },
      inbound_nodes: [],
    }));
    const layers = [...this.#layers].map(([name, { className, config, nodes }]) => ({
      class_name: className,
      name,
      config,
      inbound_nodes: nodes.map((refs) => refs.map(({ layer, node }) => [layer, node, 0, {}])),
    }));
    const config = {
      name: "model",
      layers: [...entries, ...layers],
      input_layers: this.entries.map(({ layer }) => [layer, 0, 0]),
      output_layers: outputs.map(({ layer, node }) => [layer, node, 0]),
    };
    return { class_name: "Functional", config };
  }
}
