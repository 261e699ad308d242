import { Crew } from "./crew.js";
import { type Hire, wayToHire } from "./helpers.js";
import { type CommonExports, Instance, instantiate } from "./instance.js";
import { buildFor, loadModule } from "./module.js";
import { type Precision, precisionHere } from "./precision.js";
import { sharedMemory, threadCount, type Threads } from "./threads.js";

/** As asconfig.json says. */
const INITIAL_PAGES = 2;

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
    const hire = count > 1 ? await wayToHire() : undefined;
    const exports = await instantiate(module, () => (hire ? { env: { memory: sharedMemory(INITIAL_PAGES) } } : {}));
    return new Engine(exports as KernelExports, precision, hire && { threads: count, hire, module });
  }

  constructor(
    exports: KernelExports,
    precision: Precision,
    others?: { threads: number; hire: Hire; module: WebAssembly.Module },
  ) {
    super(exports);
    this.precision = precision;
    if (others) this.#crew = new Crew({ ...others, heap: this.heap, memory: exports.memory, join: exports.join! });
  }

  override get threads(): number {
    return this.#crew?.threads ?? 1;
  }

  override get crew(): Crew | undefined {
    return this.#crew;
  }
}
