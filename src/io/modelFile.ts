// What a model file holds, checked, for all that read one: where it does not, the file is at fault and the error says so.

import { show } from "../check.js";
import { LanewiseError, ModelFormatError, UnsupportedError } from "../errors.js";
import { readSafetensors, type SafetensorsFile, type TensorEntry } from "../formats/safetensors.js";
import { FORMAT, FORMAT_VERSION } from "../model/saved.js";
import { formatShape, sameShape, type Shape } from "../shape.js";

/** What of a file can be at fault. */
export type Part = "architecture" | "compile" | "training" | "weights";

/** @throws ModelFormatError for a file that is damaged, of another kind, or newer than this library */
export function readModelFile(bytes: Uint8Array): SafetensorsFile {
  const file = readSafetensors(bytes);
  refuseOtherFormats(file);
  return file;
}

function refuseOtherFormats({ metadata }: SafetensorsFile): void {
  if (metadata.format !== FORMAT) {
    throw new ModelFormatError(
      "model/not-lanewise",
      `This safetensors file was not saved by lanewise: its format is ${metadata.format === undefined ? "not named" : `"${metadata.format}"`}, expected "${FORMAT}".`,
    );
  }
  const version = Number(metadata.formatVersion);
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new ModelFormatError(
      "model/bad-version",
      `The file's formatVersion is "${metadata.formatVersion}"; expected a whole number.`,
    );
  }
  if (version > FORMAT_VERSION) {
    throw new ModelFormatError(
      "model/newer-version",
      `The file has formatVersion ${version}; this lanewise reads up to ${FORMAT_VERSION}. Update lanewise to load it.`,
    );
  }
}

/** The file's tensor, which must have this shape. */
export function refuseOtherShape(file: SafetensorsFile, name: string, shape: Shape): void {
  const found = tensorEntry(file, name).shape;
  if (sameShape(found, shape)) return;
  throw broken("weights", `${show(name)} is ${formatShape(found)}, expected ${formatShape(shape)}`);
}

/** To be read at once: a view into the file's bytes where they are aligned. */
export function tensorOf(file: SafetensorsFile, name: string): { data: Float32Array; shape: Shape } {
  const { data, shape } = tensorEntry(file, name);
  const { buffer, byteOffset, byteLength } = data.byteOffset % 4 === 0 ? data : data.slice();
  return { data: new Float32Array(buffer, byteOffset, byteLength / 4), shape };
}

function tensorEntry(file: SafetensorsFile, name: string): TensorEntry {
  const tensor = file.tensors.get(name);
  if (!tensor) throw broken("weights", `${show(name)} is missing`);
  if (tensor.dtype !== "F32") throw broken("weights", `${show(name)} is ${tensor.dtype}, expected F32`);
  return tensor;
}

export function parse<T>({ metadata }: SafetensorsFile, key: Part): T {
  const text = metadata[key];
  if (text === undefined) throw broken(key, "it is missing");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw broken(key, "it is no JSON", error);
  }
  if (typeof value !== "object" || value === null) throw broken(key, "it is no object");
  return value as T;
}

/** What a file makes go wrong is the file's fault: whatever was thrown says so. */
export function within<T>(part: Part, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw isBadInput(error) ? broken(part, (error as Error).message, error) : error;
  }
}

export function isBadInput(error: unknown): boolean {
  return (
    error instanceof TypeError ||
    error instanceof RangeError ||
    (error instanceof LanewiseError &&
      !(error instanceof ModelFormatError) &&
      !(error instanceof UnsupportedError && error.code.startsWith("model/")) && // a layer's own is the file's fault
      error.code !== "config/bad-custom-object" && // the caller's
      !error.code.startsWith("engine/") &&
      !error.code.startsWith("memory/"))
  );
}

export function broken(part: Part, why: string, cause?: unknown): ModelFormatError {
  return new ModelFormatError(`model/bad-${part}`, `The file's ${part} cannot be used: ${why}`, { cause });
}
