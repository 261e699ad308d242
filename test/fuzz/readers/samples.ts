// Valid files to begin with. Paths are from the project's root, so that compiled tests find them, too.

import { readdirSync, readFileSync } from "node:fs";

/** The files of a folder that end so, by name. */
export function samples(folder: string, ending: string): Uint8Array[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => new Uint8Array(readFileSync(`${folder}/${name}`)));
}

/** Bytes that two equal results share. */
export function bytesOf(...arrays: readonly ArrayBufferView[]): Uint8Array {
  return new Uint8Array(
    Buffer.concat(arrays.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength))),
  );
}
