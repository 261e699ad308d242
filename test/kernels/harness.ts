import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SLACK_BYTES } from "../../assembly/shared/layout.js";

type Kernel = (...args: number[]) => number;

/** The built module's kernels with a bump allocator: every call of `kernels()` is a fresh instance. */
export interface Kernels {
  readonly memory: WebAssembly.Memory;
  readonly call: Readonly<Record<string, Kernel>>;
  /** Copies `values` in, shifted by `offsetBytes` from a 64-byte boundary; the address is returned. */
  f32(values: ArrayLike<number>, offsetBytes?: number): number;
  u32(values: ArrayLike<number>): number;
  u8(values: ArrayLike<number>): number;
  /** Room for `bytes`, filled with 0xAA so that what a kernel forgets to write shows. */
  reserve(bytes: number, offsetBytes?: number): number;
  readF32(address: number, length: number): Float32Array;
  readU32(address: number, length: number): Uint32Array;
  reset(): void;
}

const compiled = new Map<string, WebAssembly.Module>();

function moduleOf(file: string): WebAssembly.Module {
  const path = fileURLToPath(new URL(`../../build/${file}`, import.meta.url));
  const module = compiled.get(file) ?? new WebAssembly.Module(readFileSync(path));
  compiled.set(file, module);
  return module;
}

export function kernels(file = "lanewise.wasm"): Kernels {
  const instance = new WebAssembly.Instance(moduleOf(file), {});
  const call = instance.exports as unknown as Record<string, Kernel>;
  const memory = instance.exports.memory as WebAssembly.Memory;
  const base = Math.ceil(Math.max(1024, call.heapBase!()) / 64) * 64;
  let top = base;

  function reserve(bytes: number, offsetBytes = 0): number {
    const address = top + offsetBytes;
    top = Math.ceil((address + bytes + SLACK_BYTES) / 64) * 64;
    const missing = top - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    new Uint8Array(memory.buffer, address - offsetBytes, top - address + offsetBytes).fill(0xaa);
    return address;
  }

  return {
    memory,
    call,
    reserve,
    f32(values, offsetBytes = 0) {
      const address = reserve(values.length * 4, offsetBytes);
      new Float32Array(memory.buffer, address, values.length).set(values);
      return address;
    },
    u32(values) {
      const address = reserve(values.length * 4);
      new Uint32Array(memory.buffer, address, values.length).set(values);
      return address;
    },
    u8(values) {
      const address = reserve(values.length);
      new Uint8Array(memory.buffer, address, values.length).set(values);
      return address;
    },
    readF32: (address, length) => new Float32Array(memory.buffer.slice(address, address + length * 4)),
    readU32: (address, length) => new Uint32Array(memory.buffer.slice(address, address + length * 4)),
    reset() {
      top = base;
    },
  };
}
