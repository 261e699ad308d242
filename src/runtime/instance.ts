import * as Layout from "../../assembly/shared/layout.js";
import { OP_COUNT } from "../../assembly/shared/ops.js";
import { LanewiseError, OutOfMemoryError } from "../errors.js";
import type { Crew } from "./crew.js";
import { Heap } from "./heap.js";

/** What every build has; addresses are bytes. */
export interface CommonExports extends Record<string, unknown> {
  readonly memory: WebAssembly.Memory;
  abiVersion(): number;
  opCount(): number;
  recordWords(): number;
  headerBytes(): number;
  heapBase(): number;
  run(header: number): number;
  /** 1 if none of x (n) is infinite or NaN, else 0. */
  allFinite(n: number, x: number): number;
}

/** One instance of a module with a memory of its own: a model's whole world, gone when the model is. */
export class Instance<Exports extends CommonExports = CommonExports> {
  readonly exports: Exports;
  readonly heap: Heap;
  #view: DataView;

  constructor(exports: Exports) {
    shakeHands(exports);
    this.exports = exports;
    this.heap = new Heap(exports.memory, exports.heapBase() >>> 0);
    this.#view = new DataView(exports.memory.buffer);
  }

  get threads(): number {
    return 1;
  }

  /** Beside thread 0, where there is more than it. */
  get crew(): Crew | undefined {
    return undefined;
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

/** @throws OutOfMemoryError `memory/no-instance`, LanewiseError `engine/load-failed` */
export async function instantiate(
  module: WebAssembly.Module,
  imports: () => WebAssembly.Imports = () => ({}),
): Promise<CommonExports> {
  try {
    return (await WebAssembly.instantiate(module, imports())).exports as unknown as CommonExports;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw error instanceof RangeError
      ? new OutOfMemoryError("memory/no-instance", `There is no memory for another model: ${why}.`, { cause: error })
      : new LanewiseError("engine/load-failed", `The WebAssembly module could not be started: ${why}.`, {
          cause: error,
        });
  }
}

/** A module from another build would read records wrongly: refused before anything runs. */
function shakeHands(exports: CommonExports): void {
  const { abiVersion, opCount, recordWords, headerBytes } = exports as Partial<CommonExports>;
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
