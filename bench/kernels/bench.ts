// What all measurements share: the kernels, and memory to lay operands out in.

import { readFileSync } from "node:fs";
import { Run } from "../../src/program/run.js";
import { Engine } from "../../src/runtime/engine.js";
import { init } from "../../src/runtime/module.js";
import type { Precision } from "../../src/runtime/precision.js";

type Kernel = (...args: number[]) => number;

/** A measurement: its work in flops or in bytes (read and written), and a setup that returns what does it `runs` times. */
export interface Case {
  readonly name: string;
  readonly work: { readonly flops: number } | { readonly bytes: number };
  setup(bench: Bench): (runs: number) => void;
}

/** One kernel, as often as it is asked for. */
export function repeated(run: () => void): (runs: number) => void {
  return (runs) => {
    for (let i = 0; i < runs; i++) run();
  };
}

export class Bench {
  readonly engine: Engine;
  /** The exports, to call kernels by name. */
  readonly call: Readonly<Record<string, Kernel>>;
  readonly run: Run;
  readonly #cleanups: (() => void)[] = [];
  #draws = 0;

  /** Deterministic where the engine has no relaxed SIMD: `engine.precision` tells. */
  static async create(precision: Precision = "deterministic"): Promise<Bench> {
    const fast = readFileSync(new URL("../../../lanewise-fast.wasm", import.meta.url));
    await init(readFileSync(new URL("../../../lanewise.wasm", import.meta.url)), { fast });
    return new Bench(await Engine.create({ precision }));
  }

  constructor(engine: Engine) {
    this.engine = engine;
    this.call = engine.exports as unknown as Readonly<Record<string, Kernel>>;
    this.run = new Run(engine);
  }

  /** Room for `bytes`, at a 64-byte boundary. */
  reserve(bytes: number): number {
    const address = this.engine.heap.allocate(bytes, "a benchmark");
    this.onReset(() => this.engine.heap.free(address));
    return address;
  }

  /** `length` random numbers in [low, high). */
  random(length: number, low = -1, high = 1): number {
    const address = this.reserve(length * 4);
    this.engine.exports.fillUniform(length, address, 1, 2, this.#draws++, low, high);
    return address;
  }

  /** `length` whole numbers in [0, below), as f32. */
  labels(length: number, below: number): number {
    const address = this.random(length, 0, below);
    const values = this.engine.f32(address, length);
    for (let i = 0; i < length; i++) values[i] = Math.floor(values[i]!);
    return address;
  }

  /** `length` row numbers in an order that no cache foresees. */
  order(length: number): number {
    const address = this.reserve(length * 4);
    this.call.permute!(length, address, 1, 2, 3, 4);
    return address;
  }

  /** One segment over n elements: rate scale 1, no decay. */
  segment(n: number): number {
    const address = this.reserve(16);
    this.engine.u32(address, 2).set([0, n]);
    this.engine.f32(address + 8, 2).set([1, 0]);
    return address;
  }

  onReset(cleanUp: () => void): void {
    this.#cleanups.push(cleanUp);
  }

  /** Takes all memory back. */
  reset(): void {
    for (const cleanUp of this.#cleanups.splice(0)) cleanUp();
  }
}
