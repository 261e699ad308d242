// What the loader asks a build before it uses it.

import { ABI_VERSION, HEADER_BYTES, RECORD_WORDS } from "./shared/layout";
import { OP_COUNT } from "./shared/ops";

/** The loader compares these with its own and refuses a stale build. */
export function abiVersion(): i32 {
  return ABI_VERSION;
}
export function opCount(): i32 {
  return OP_COUNT;
}
export function recordWords(): i32 {
  return RECORD_WORDS;
}
export function headerBytes(): i32 {
  return HEADER_BYTES;
}

/** The first byte behind the module's static data: TypeScript's heap begins here. */
export function heapBase(): usize {
  return __heap_base;
}
