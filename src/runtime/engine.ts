import type { Crew } from "./crew.js";
import type { Heap } from "./heap.js";
import { type CommonExports, Instance, instantiate } from "./instance.js";
import { buildFor, loadModule } from "./module.js";
import { type Precision, precisionHere } from "./precision.js";
import { sharedMemory, threadCount, type Threads } from "./threads.js";

/** As asconfig.json says. */
const INITIAL_PAGES = 2;

/** Numbers that are copied in to be checked: 64 KB. */
const CHECKED_AT_ONCE = 16384;

/** The module's functions that the library calls itself; addresses are bytes, sizes elements. */
export interface KernelExports extends CommonExports {
  /** In the build for several threads: this instance is thread `thread` of those that meet at `crew`. */
  join?(crew: number, thread: number, scratch: number, maySleep: boolean): void;
  fillUniform(n: number, out: number, seedLo: number, seedHi: number, op: number, low: number, high: number): void;
  fillNormal(n: number, out: number, seedLo: number, seedHi: number, op: number, mean: number, stddev: number): void;
  fillTruncatedNormal(
    n: number,
    out: number,
    seedLo: number,
    seedHi: number,
    op: number,
    mean: number,
    stddev: number,
  ): void;
  /** The rate that a schedule's block gives for a step, counted from 0. */
  scheduledRate(block: number, step: number): number;
  /** Σ (a − b)² over a (n) and b (n). */
  squaredDistance(n: number, a: number, b: number): number;
  philox(c0: number, c1: number, c2: number, c3: number, k0: number, k1: number, out: number): void;
}

/** Where a model runs: what another one is made like it by. */
export interface Place {
  readonly threads?: Threads;
  readonly precision?: Precision;
}

/** An instance of a build that trains. */
export class Engine extends Instance<KernelExports> {
  /** That of the build. */
  readonly precision: Precision;
  readonly #crew: Crew | undefined;

  /** As asked for, or with one thread where the engine cannot have several, deterministic where it has no relaxed SIMD. */
  static async create({ threads = 1, precision: wanted = "deterministic" }: Place = {}): Promise<Engine> {
    const count = await threadCount(threads);
    const precision = precisionHere(wanted);
    const module = await loadModule(buildFor(count, precision));
    if (count === 1) return new Engine((await instantiate(module)) as KernelExports, precision);
    const [{ Crew }, { wayToHire }] = await Promise.all([import("./crew.js"), import("./helpers.js")]);
    const hire = await wayToHire();
    const shared = () => ({ env: { memory: sharedMemory(INITIAL_PAGES) } });
    const exports = (await instantiate(module, shared)) as KernelExports;
    const { memory, join } = exports;
    const crewOf = (heap: Heap) => new Crew({ threads: count, hire, module, heap, memory, join: join! });
    return new Engine(exports, precision, crewOf);
  }

  /** @param crewOf Where there are several threads. */
  constructor(exports: KernelExports, precision: Precision, crewOf?: (heap: Heap) => Crew) {
    super(exports);
    this.precision = precision;
    this.#crew = crewOf?.(this.heap);
  }

  override get threads(): number {
    return this.#crew?.threads ?? 1;
  }

  /** Whether none of x is infinite or NaN, by the kernel, which needs no compiling first. */
  allFinite(x: Float32Array): boolean {
    const block = this.heap.allocate(Math.max(1, Math.min(x.length, CHECKED_AT_ONCE)) * 4, "numbers to check");
    try {
      for (let from = 0; from < x.length; from += CHECKED_AT_ONCE) {
        const chunk = x.subarray(from, from + CHECKED_AT_ONCE);
        this.f32(block, chunk.length).set(chunk);
        if (this.exports.allFinite(chunk.length, block) === 0) return false;
      }
      return true;
    } finally {
      this.heap.free(block);
    }
  }

  override get crew(): Crew | undefined {
    return this.#crew;
  }
}
