import { positiveNumber, show } from "../check.js";
import { ConfigError } from "../errors.js";
import { describe, type Description, type Family, type FamilyRow, resolve } from "../family.js";
import type { GraphBuilder } from "../program/builder.js";
import { fixed, type Value, widthOf } from "../program/graph.js";

interface ClipRow extends FamilyRow {
  readonly op: "clipByValue" | "clipByNorm" | "clipByGlobalNorm";
  /** Treats each variable by itself: neighbours must not be one segment. */
  readonly byVariable: boolean;
}

const options = { limit: undefined };
const paper = "Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063";

const rows = {
  clipByValue: {
    op: "clipByValue",
    byVariable: false,
    options,
    formula: "g ← min(max(g, −v), v)",
    paper: "Graves 2013, arXiv:1308.0850",
  },
  clipByNorm: {
    op: "clipByNorm",
    byVariable: true,
    options,
    formula: "g ← g · v / max(‖g‖, v), each variable by itself",
    paper,
  },
  clipByGlobalNorm: {
    op: "clipByGlobalNorm",
    byVariable: false,
    options,
    formula: "g ← g · v / max(‖g‖, v), all variables as one vector",
    paper,
  },
} as const satisfies Record<string, ClipRow>;

/** Every way to clip gradients: one row each. */
export const CLIPPING: Family<Record<keyof typeof rows, ClipRow>> = { kind: "clipping", rows };

export type ClipName = keyof typeof rows;
export type ClipDescription = Description<ClipName>;
/** What `clip` takes: what a factory returns. */
export type Clip = ClipDescription;

/** A complete description; limits that are not above 0 and several clips at once are refused. */
export function resolveClip(given: Clip): ClipDescription {
  if (Array.isArray(given)) {
    throw new ConfigError(
      "config/two-clips",
      `clip takes one mode, such as clipByGlobalNorm(1); got ${show(given)}: two clip modes at once have no order. Choose one.`,
    );
  }
  const description = resolve(CLIPPING, given);
  positiveNumber(description.limit, `The limit of ${description.name}(limit)`, "config/bad-clip-limit");
  return description;
}

/** Clips `gradients` in place, over the table of segments that the mode wants. */
export function emitClip(b: GraphBuilder, clip: ClipDescription, segments: Value, gradients: Value): void {
  const dims = { n: fixed(widthOf(gradients)), segments: fixed(widthOf(segments) / 4) };
  b.emit(CLIPPING.rows[clip.name].op, dims, { segments, gradients }, { limit: clip.limit as number });
}

/**
 * Every element of the gradient into [−v, v]. This can change the gradient's direction. (PyTorch: `clip_grad_value_`.)
 *
 * @throws ConfigError `config/bad-clip-limit` where v is not a finite number above 0
 * @example model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy", clip: clipByValue(0.5) })
 */
export const clipByValue = (v: number): ClipDescription => resolveClip(describe(CLIPPING, "clipByValue", { limit: v }));

/**
 * Each variable's gradient, by itself, to an L2 norm of at most v: g · v / max(‖g‖, v), as Keras's `clipnorm`.
 *
 * @throws ConfigError `config/bad-clip-limit` where v is not a finite number above 0
 * @example model.compile({ optimizer: "sgd", loss: "sparseCategoricalCrossentropy", clip: clipByNorm(1) })
 */
export const clipByNorm = (v: number): ClipDescription => resolveClip(describe(CLIPPING, "clipByNorm", { limit: v }));

/**
 * All gradients together to an L2 norm of at most v, which keeps their direction: g · v / max(‖g‖, v), as Keras's
 * `global_clipnorm`. (PyTorch's `clip_grad_norm_` divides by ‖g‖ + 1e-6.) Pascanu, Mikolov, Bengio 2013, ICML.
 *
 * @throws ConfigError `config/bad-clip-limit` where v is not a finite number above 0
 * @example model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", clip: clipByGlobalNorm(1) })
 */
export const clipByGlobalNorm = (v: number): ClipDescription =>
  resolveClip(describe(CLIPPING, "clipByGlobalNorm", { limit: v }));
