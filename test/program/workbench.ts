// Builds small graphs below the public API and runs them: on an engine, with all memory poisoned first, and in f64.

import { RECORD_BYTES, SLACK_BYTES } from "../../assembly/shared/layout.js";
import { GraphBuilder } from "../../src/program/builder.js";
import { differentiate } from "../../src/program/grad.js";
import { type Node, usesOf, type Value, widthOf } from "../../src/program/graph.js";
import { align, planMemory } from "../../src/program/memory.js";
import { Program } from "../../src/program/program.js";
import { Run } from "../../src/program/run.js";
import type { Region } from "../../src/program/verify.js";
import { Engine } from "../../src/runtime/engine.js";
import type { Shape } from "../../src/shape.js";
import { GraphTwin } from "../reference/graph.js";

export const NAN_BITS = 0x7fc00000;

interface Variable {
  readonly value: Value;
  readonly data: Float32Array;
}

export interface Results {
  readonly loss: number;
  /** By the variable's name. */
  readonly gradients: Map<string, Float32Array>;
  /** What `store` wrote: rows of all batches. */
  readonly stored: Float32Array;
}

export class Workbench {
  readonly rows: number;
  readonly b = new GraphBuilder();
  readonly engine: Engine;
  readonly variables: Variable[] = [];
  readonly sources: Float32Array[] = [];
  readonly regions: Region[] = [];
  /** How many nodes the graph had before `differentiate`. */
  forwardNodes = 0;
  #state: number;

  private constructor(engine: Engine, rows: number, seed: number) {
    this.engine = engine;
    this.rows = rows;
    this.#state = seed;
  }

  /** Graphs over batches of `rows`, with numbers drawn from `seed`. All memory holds `poison` before its first use. */
  static async create({ rows = 5, seed = 1, poison = NAN_BITS } = {}): Promise<Workbench> {
    const engine = await Engine.create();
    const { memory, heapBase } = engine.exports;
    memory.grow(16);
    new Uint32Array(memory.buffer, align(heapBase())).fill(poison);
    return new Workbench(engine, rows, seed);
  }

  /** Multiples of 1/1024 in [-1, 1): exact in f32. */
  numbers(length: number): Float32Array {
    return Float32Array.from({ length }, () => {
      this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
      return (this.#state >>> 21) / 1024 - 1;
    });
  }

  /** A weight, with a place for its gradient if it is trainable. */
  variable(name: string, shape: Shape, { trainable = true } = {}): Value {
    const data = this.numbers(shape.reduce((a, b) => a * b, 1));
    const address = this.allocate(name, data.length * 4);
    this.engine.f32(address, data.length).set(data);
    const gradient = trainable
      ? this.b.value({
          name: `d ${name}`,
          shape,
          perRow: false,
          address: this.allocate(`d ${name}`, data.length * 4),
        })
      : undefined;
    const value = this.b.value({
      name,
      shape,
      perRow: false,
      address,
      needsGradient: trainable,
      ...(gradient && { gradient }),
    });
    this.variables.push({ value, data });
    return value;
  }

  /** A data source with numbers, or with whole numbers below `classes`. */
  input(name: string, shape: Shape, { classes = 0 } = {}): Value {
    const value = this.b.input(this.sources.length, shape, name);
    const drawn = this.numbers(this.rows * widthOf(value));
    this.sources.push(classes ? drawn.map((x) => Math.floor(((x + 1) / 2) * classes)) : drawn);
    return value;
  }

  /** x · w + bias, with weights of its own. */
  dense(x: Value, units: number, name: string): Value {
    return this.b.matmul(
      x,
      this.variable(`${name}/w`, [x.shape.at(-1)!, units]),
      this.variable(`${name}/b`, [units]),
      name,
    );
  }

  /** The mean squared distance of a value to targets of its own. */
  regress(output: Value): void {
    const targets = output.perRow
      ? this.input(`targets of ${output.name}`, output.shape)
      : this.variable(`targets of ${output.name}`, output.shape, { trainable: false });
    this.b.loss("loss", output, targets, { gradient: true });
  }

  differentiate(): readonly Node[] {
    this.forwardNodes = this.b.nodes.length;
    differentiate(this.b);
    return this.b.nodes;
  }

  allocate(name: string, bytes: number, writable = true): number {
    const address = this.engine.heap.allocate(bytes, name);
    this.regions.push({ name, address, bytes, writable });
    return address;
  }

  /** One pass over all rows, `batchRows` at a time, in a program with room for `capacity`; `storedWidth` of what it stores. */
  run(
    options: {
      batchRows?: number;
      capacity?: number;
      storedWidth?: number;
      passes?: (nodes: readonly Node[]) => Node[];
    } = {},
  ): Results {
    const { batchRows = this.rows, capacity = batchRows, storedWidth = 0, passes } = options;
    const { engine, rows } = this;
    const program = new Program(engine, this.b.nodes, this.regions, passes);
    const run = new Run(engine);
    run.sources(this.sources.map((data) => ({ address: this.#copyIn(data), bytesPerValue: 4 })));
    const sink = engine.heap.allocate(rows * storedWidth * 4, "what is stored");
    program.ensure(capacity);
    run.order({ address: 0, shuffle: false, epoch: 0, seed: 0 });
    run.window();
    run.sinks([sink]);
    run.step = 0;
    run.bind(program);
    run.begin({ totalRows: rows, batchRows });
    const status = run.slice(Infinity);
    if (status !== "epochDone") throw new Error(`The run ended with ${status}.`);
    return {
      loss: run.sums.loss / rows,
      gradients: new Map(this.#gradients().map(([name, at, length]) => [name, engine.f32(at, length).slice()])),
      stored: engine.f32(sink, rows * storedWidth).slice(),
    };
  }

  /** The nodes in f64; `change` sets other weights before. */
  runTwin(nodes: readonly Node[] = this.b.nodes, change: (twin: GraphTwin) => void = () => undefined): GraphTwin {
    const twin = new GraphTwin(this.rows, this.sources);
    for (const { value, data } of this.variables) twin.set(value, data);
    change(twin);
    return twin.run(nodes);
  }

  #copyIn(data: Float32Array): number {
    const address = this.engine.heap.allocate(data.byteLength, "rows");
    this.engine.f32(address, data.length).set(data);
    return address;
  }

  /** Those that a node writes. */
  #gradients(): [name: string, address: number, length: number][] {
    const written = new Set(
      this.b.nodes.flatMap((node) =>
        usesOf(node)
          .filter(isWritten)
          .map(({ value }) => value),
      ),
    );
    return this.variables.flatMap(({ value }) => {
      const { gradient } = value;
      if (!gradient || !written.has(gradient) || gradient.storage.kind !== "fixed") return [];
      return [[value.name, gradient.storage.address, widthOf(gradient)]];
    });
  }
}

const isWritten = ({ access }: { access: string }) => access !== "read";

/** Where a program's arena begins: behind its records. */
export function arenaOf(program: Program): { address: number; bytes: number } {
  const { bytes } = planMemory(program.nodes, program.capacity);
  return { address: program.address + align(program.nodes.length * RECORD_BYTES + SLACK_BYTES), bytes };
}
