// Every reader of files that others make. A new one is a file beside this one, and a line here: tests, the command and its
// table follow.

import type { Reader } from "../reader.js";
import { gzip, idx } from "./idx.js";
import { hdf5, keras } from "./keras.js";
import { linear } from "./linear.js";
import { model } from "./model.js";
import { onnx } from "./onnx.js";
import { safetensors } from "./safetensors.js";
import { tfjs } from "./tfjs.js";
import { torch } from "./torch.js";

export const READERS: readonly Reader[] = [safetensors, model, torch, onnx, tfjs, keras, hdf5, linear, idx, gzip];

/** @throws Error for a name that none has */
export function readerOf(name: string): Reader {
  const reader = READERS.find((candidate) => candidate.name === name);
  if (reader) return reader;
  throw new Error(`there is no reader "${name}"; there are ${READERS.map(({ name }) => name).join(", ")}`);
}
