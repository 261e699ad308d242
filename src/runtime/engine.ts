import * as Layout from "../../assembly/shared/layout.js";
import { OP_COUNT } from "../../assembly/shared/ops.js";
import { LanewiseError, OutOfMemoryError } from "../errors.js";
import { Crew } from "./crew.js";
import { Heap } from "./heap.js";
import { type Hire, wayToHire } from "./helpers.js";
import { loadModule } from "./module.js";
import { sharedMemory, threadCount, type Threads } from "./threads.js";

/** As asconfig.json says. */
const INITIAL_PAGES = 2;

/** The module's functions that the library calls itself; addresses are bytes, sizes elements. */
export interface KernelExports extends Record<string, unknown> {
  readonly memory: WebAssembly.Memory;
  abiVersion(): number;
  opCount(): number;
  recordWords(): number;
  headerBytes(): number;
  heapBase(): number;
  run(header: number): number;
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
  /** 1 if none of x (n) is infinite or NaN, else 0. */
  allFinite(n: number, x: number): number;
  /** Σ (a − b)² over a (n) and b (n). */
  squaredDistance(n: number, a: number, b: number): number;
  philox(c0: number, c1: number, c2: number, c3: number, k0: number, k1: number, out: number): void;
}

/** One instance of the module with a memory of its own: a model's whole world, gone when the model is. */
export class Engine {
  readonly exports: KernelExports;
  readonly heap: Heap;
  #view: DataView;

  /** Beside thread 0, where there is more than it. */
  readonly crew: Crew | undefined;

  /** With as many threads as `threads` says, or one where the engine cannot have several. */
  static async create(threads: Threads = 1): Promise<Engine> {
    const count = await threadCount(threads);
    const module = await loadModule(count > 1 ? "threads" : "plain");
    const hire = count > 1 ? await wayToHire() : undefined;
    try {
      const memory = hire && sharedMemory(INITIAL_PAGES);
      const { exports } = await WebAssembly.instantiate(module, memory ? { env: { memory } } : {});
      return new Engine(exports as unknown as KernelExports, hire && { threads: count, hire, module });
    } catch (error) {
      throw error instanceof LanewiseError ? error : instantiationFailed(error);
    }
  }

  constructor(exports: KernelExports, others?: { threads: number; hire: Hire; module: WebAssembly.Module }) {
    shakeHands(exports);
    this.exports = exports;
    this.heap = new Heap(exports.memory, exports.heapBase() >>> 0);
    this.#view = new DataView(exports.memory.buffer);
    if (others) this.crew = new Crew({ ...others, heap: this.heap, memory: exports.memory, join: exports.join! });
  }

  get threads(): number {
    return this.crew?.threads ?? 1;
  }

  /** A view of the whole memory; fetch it anew after anything that may allocate. */
  get view(): DataView {
    const { buffer } = this.exports.memory;
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer);
    return this.#view;
  }

  f32(address: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.exports.memory.buffer as ArrayBuffer, address, length);
  }

  f64(address: number, length: number): Float64Array<ArrayBuffer> {
    return new Float64Array(this.exports.memory.buffer as ArrayBuffer, address, length);
  }

  u32(address: number, length: number): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.exports.memory.buffer as ArrayBuffer, address, length);
  }

  u8(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.exports.memory.buffer as ArrayBuffer, address, length);
  }
}

function instantiationFailed(error: unknown): LanewiseError {
  const why = error instanceof Error ? error.message : String(error);
  return error instanceof RangeError
    ? new OutOfMemoryError("memory/no-instance", `There is no memory for another model: ${why}.`, { cause: error })
    : new LanewiseError("engine/load-failed", `The WebAssembly module could not be started: ${why}.`, { cause: error });
}

/** A module from another build would read records wrongly: refused before anything runs. */
function shakeHands(exports: KernelExports): void {
  const { abiVersion, opCount, recordWords, headerBytes } = exports as Partial<KernelExports>;
  const found = [abiVersion, opCount, recordWords, headerBytes].map((figure) => figure?.() ?? "none");
  const wanted = [Layout.ABI_VERSION, OP_COUNT, Layout.RECORD_WORDS, Layout.HEADER_BYTES];
  if (found.some((value, i) => value !== wanted[i])) {
    throw new LanewiseError(
      "engine/stale-build",
      `The WebAssembly module was built from another version: ABI, ops, record words and header bytes are ` +
        `${found.join(", ")}, expected ${wanted.join(", ")}. Build again (npm run build), or use the lanewise.wasm of this package.`,
    );
  }
}
