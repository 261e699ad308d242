// Whether products may use the fused multiply-add of relaxed SIMD, and whether the engine has it.

import { show } from "../check.js";
import { ConfigError } from "../errors.js";

/**
 * `"deterministic"`: the same bits on every machine. `"fast"`: products round once where they otherwise round twice, and bits
 * are those of the engine and the processor.
 */
export type Precision = "deterministic" | "fast";

const PRECISIONS: readonly unknown[] = ["deterministic", "fast"] satisfies Precision[];

/** The smallest module with a fused multiply-add: () => f32x4.relaxed_madd of three v128.const 0, dropped. */
function maddProbe(): Uint8Array<ArrayBuffer> {
  const zero = [253, 12, ...new Array<number>(16).fill(0)];
  const code = [0, ...zero, ...zero, ...zero, 253, 133, 2, 26, 11];
  const sections = [1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, code.length + 2, 1, code.length];
  return Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, ...sections, ...code);
}

/** @throws ConfigError `config/bad-precision` */
export function checkPrecision(precision: unknown): Precision {
  if (PRECISIONS.includes(precision)) return precision as Precision;
  throw new ConfigError(
    "config/bad-precision",
    `precision must be "deterministic" or "fast"; got ${show(precision)}. ` +
      'Leave it out for "deterministic", the same bits on every machine.',
  );
}

/** What that is here: deterministic where the engine has no relaxed SIMD. */
export function precisionHere(precision: Precision): Precision {
  const isThere = precision === "fast" && typeof WebAssembly === "object" && WebAssembly.validate(maddProbe());
  return isThere ? "fast" : "deterministic";
}
