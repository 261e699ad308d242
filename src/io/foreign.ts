// What readers of other libraries' networks have in common: names become ours, and faults are the file's.

import { show } from "../check.js";
import type { ErrorCode } from "../errorCodes.js";
import { LanewiseError, ModelFormatError, UnsupportedError } from "../errors.js";
import type { LayerSpec } from "../layers/layer.js";
import type { SymbolicValue } from "../layers/symbolic.js";
import { type Architecture, chain, type Form } from "../model/architecture.js";
import { graphOf } from "../model/graph.js";

/** Names of a file as names of layers and inputs: no "/", no space in front, each once. */
export class NameGiver {
  readonly #taken = new Set<string>();
  readonly #next = new Map<string, number>();

  give(name: string, fallback: string): string {
    const base = clipped(name.replace(/^[\s/]+/, "").replaceAll("/", ".")) || fallback;
    let given = base;
    for (let i = this.#next.get(base) ?? 1; this.#taken.has(given); i++) {
      given = `${base}_${i}`;
      this.#next.set(base, i);
    }
    this.#taken.add(given);
    return given;
  }
}

/** Names from a file may be long, or hold anything. */
export function shownName(name: string): string {
  return show(clipped(name));
}

export function clipped(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}…` : name;
}

/** What a file makes go wrong is the file's fault: whatever was thrown says so, under `code`. */
export function blamed<T>(code: ErrorCode, what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof LanewiseError) || error instanceof ModelFormatError || error instanceof UnsupportedError)
      throw error;
    throw new ModelFormatError(code, `${what} of the file cannot be used: ${error.message}`, { cause: error });
  }
}

/** What was applied between inputs and outputs: a chain where it is one, so that what takes chains takes it. */
export function architectureOf(
  inputs: readonly SymbolicValue[],
  outputs: readonly SymbolicValue[],
  as: { readonly names: readonly string[]; readonly form: Form },
): Architecture {
  const graph = graphOf(inputs, outputs, as);
  const specs: LayerSpec[] = [];
  let value = outputs[0]!;
  for (; value.origin?.inputs.length === 1; value = value.origin.inputs[0]!) specs.push(value.origin.layer);
  const inLine =
    value === inputs[0] && inputs.length === 1 && as.form === "one" && new Set(specs).size === specs.length;
  return inLine ? chain(value.shape, specs.reverse()) : graph;
}
