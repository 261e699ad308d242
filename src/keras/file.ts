// What the kinds of files have in common.

import { show } from "../check.js";
import type { ErrorCode } from "../errorCodes.js";
import { ModelFormatError, UnsupportedError } from "../errors.js";
import type { WeightSource } from "./topology.js";

/** A file that has been read: what it says of the model, and the weights. */
export interface KerasFile {
  readonly config: unknown;
  readonly weightsOf: WeightSource;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** @throws ModelFormatError `keras/bad-json` */
export function jsonOf(bytes: Uint8Array | string, what: string): unknown {
  try {
    // browsers' decoders refuse shared memory
    return JSON.parse(typeof bytes === "string" ? bytes : UTF8.decode(bytes.slice())) as unknown;
  } catch (cause) {
    throw badFile("keras/bad-json", `${what} is no JSON`, cause);
  }
}

/** @throws UnsupportedError `keras/unsupported-version` */
export function refuseOtherVersions(version: unknown): void {
  if (typeof version === "string" && /^[23]\./.test(version)) return;
  throw new UnsupportedError(
    "keras/unsupported-version",
    `The file was written by Keras ${typeof version === "string" ? show(version.slice(0, 20)) : "of a version that it does not say"}; read are files of Keras 2 and 3.`,
  );
}

export function badFile(code: ErrorCode, why: string, cause?: unknown): ModelFormatError {
  return new ModelFormatError(
    code,
    `The file of Keras cannot be read: ${why}.`,
    cause === undefined ? undefined : { cause },
  );
}
