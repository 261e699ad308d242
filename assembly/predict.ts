// The exports of the build for inference alone.

export { abiVersion, headerBytes, heapBase, opCount, recordWords } from "./handshake";
export { allFinite } from "./kernels/guard";
export { run, supports } from "./program/forward";
