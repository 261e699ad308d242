import type { ErrorCode } from "./errorCodes.js";

/**
 * Every error that the library throws on purpose is a `LanewiseError` with a stable `code`: the one thing to test for.
 * The message says what happened, what was expected and how to mend it, with the values.
 */
export class LanewiseError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Sizes that do not fit together. */
export class ShapeError extends LanewiseError {}
/** Data that cannot be learned from: not finite, out of range, missing. */
export class DataError extends LanewiseError {}
/** An option that is unknown, out of range, or does not go with another. */
export class ConfigError extends LanewiseError {}
/** A model file that is damaged, of another kind, or newer than this library. */
export class ModelFormatError extends LanewiseError {}
/** Something that this engine or this library cannot do. */
export class UnsupportedError extends LanewiseError {}
/** WebAssembly's memory cannot grow as far as needed. */
export class OutOfMemoryError extends LanewiseError {}
/** A loss or a gradient that is not finite. */
export class NumericError extends LanewiseError {}
/** A change asked of a model while it trains. */
export class BusyError extends LanewiseError {}
