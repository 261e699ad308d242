// Files that Keras and h5py wrote (make_files.py), and what Keras predicts of them. Paths are from the project's root, so that
// compiled tests find them, too.

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** A file as it was before it was packed. */
export function kerasFile(name: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(`test/keras/files/${name}.gz`)));
}

interface Numbers {
  readonly shape: number[];
  readonly data: number[];
}

export const FIGURES = JSON.parse(readFileSync("test/keras/files/files.json", "utf8")) as Readonly<
  Record<string, { readonly inputs: readonly Numbers[]; readonly outputs: readonly Numbers[] }>
>;

export const KERAS_FILES = Object.keys(FIGURES);
