// From symbolic values to an architecture: which layers lie between the inputs and the outputs, in an order to run them.

import { MAX_SINKS, MAX_SOURCES } from "../../assembly/shared/layout.js";
import { show } from "../check.js";
import { ConfigError } from "../errors.js";
import type { LayerSpec } from "../layers/layer.js";
import { SymbolicValue } from "../layers/symbolic.js";
import type { Shape } from "../shape.js";
import { type Architecture, type Form, type OutputPort, Plan, type Port } from "./architecture.js";

/** One symbolic value, a list of them, or a record by name. */
export type Symbols = SymbolicValue | readonly SymbolicValue[] | Readonly<Record<string, SymbolicValue>>;

/** Inputs or outputs as they were given, named. */
interface Named {
  readonly values: readonly SymbolicValue[];
  readonly names: readonly string[];
}

/**
 * @throws ConfigError `config/unused-input` for an input that reaches no output, `config/missing-input` for one that an
 *   output needs and `inputs` does not name, `config/duplicate-name`, `config/no-layers`
 * @param saved As a file has the outputs, whose list may come from a record.
 */
export function graphOf(
  inputs: Symbols,
  outputs: Symbols,
  saved?: { readonly names: readonly string[]; readonly form: Form },
): Architecture {
  refuseTooMany(valuesOf(inputs).length, valuesOf(outputs).length); // first: what follows looks at all of them for each
  const entries = named(inputs, "inputs", "input");
  const exits = named(outputs, "outputs", "output", saved?.names);
  const odd = entries.values.find(({ origin }) => origin !== undefined);
  if (odd) {
    throw new ConfigError(
      "config/bad-graph",
      `inputs takes what input(shape) returned; got ${odd.toString()}. To cut a network there, build the rest from an input of its shape.`,
    );
  }
  const order = inOrder(exits.values);
  refuseLooseEnds(entries, order);
  return { ...assemble(entries, exits, order), outputForm: saved?.form ?? formOf(outputs) };
}

function valuesOf(given: Symbols): readonly SymbolicValue[] {
  return given instanceof SymbolicValue ? [given] : Object.values(given ?? {});
}

function formOf(given: Symbols): Form {
  return given instanceof SymbolicValue ? "one" : Array.isArray(given) ? "list" : "record";
}

function assemble(entries: Named, exits: Named, order: readonly SymbolicValue[]): Omit<Architecture, "outputForm"> {
  const plan = new Plan(entries.values.length);
  const tensors = new Map<SymbolicValue, number>(entries.values.map((value, i) => [value, i]));
  const placed = new Map<LayerSpec, number>();
  for (const value of order) {
    if (!value.origin) continue;
    const { layer: spec, inputs } = value.origin;
    const shapes: Shape[] = inputs.map(({ shape }) => shape);
    const layer = placed.get(spec) ?? plan.place(spec, shapes);
    placed.set(spec, layer);
    const sources = inputs.map((source) => tensors.get(source)!);
    tensors.set(value, plan.apply(layer, sources, shapes).tensor);
  }
  if (plan.layers.length === 0) {
    throw new ConfigError("config/no-layers", "A model needs at least one layer between its inputs and its outputs.");
  }
  const { layers, applications } = plan;
  const ports = ({ values, names }: Named): Port[] => values.map(({ shape }, i) => ({ name: names[i]!, shape }));
  return {
    inputs: ports(entries),
    layers,
    applications,
    outputs: ports(exits).map((port, i): OutputPort => ({ ...port, tensor: tensors.get(exits.values[i]!)! })),
  };
}

/** All that the outputs come from, each after what it is made of. Depth first, without recursion: networks may be deep. */
function inOrder(outputs: readonly SymbolicValue[]): SymbolicValue[] {
  const done = new Set<SymbolicValue>();
  const stack = [...outputs].reverse();
  while (stack.length > 0) {
    const value = stack.at(-1)!;
    const waiting = done.has(value) ? [] : (value.origin?.inputs ?? []).filter((source) => !done.has(source));
    if (waiting.length > 0) stack.push(...waiting.toReversed());
    else done.add(stack.pop()!);
  }
  return [...done];
}

function refuseLooseEnds({ values, names }: Named, order: readonly SymbolicValue[]): void {
  const unused = values.findIndex((value) => !order.includes(value));
  if (unused >= 0) {
    throw new ConfigError(
      "config/unused-input",
      `No output depends on input "${names[unused]}". Use it, or leave it out of inputs.`,
    );
  }
  const missing = order.find((value) => !value.origin && !values.includes(value));
  if (missing) {
    throw new ConfigError(
      "config/missing-input",
      `An output depends on ${missing.toString()}, which inputs does not name. Add it to inputs.`,
    );
  }
}

/** A run reads its inputs, targets and weights from so many sources. */
function refuseTooMany(inputs: number, outputs: number): void {
  if (outputs <= MAX_SINKS && inputs + 2 * outputs <= MAX_SOURCES) return;
  throw new ConfigError(
    "config/too-many-ports",
    `A model takes up to ${MAX_SINKS} outputs, and inputs and twice the outputs up to ${MAX_SOURCES} in all; got ${inputs} inputs and ${outputs} outputs. ` +
      "Concatenate what belongs together.",
  );
}

/** @param base What those are called that have no name: Keras's way, "input", "input_1" … */
function named(given: Symbols, what: string, base: string, known?: readonly string[]): Named {
  const form = formOf(given);
  const values = valuesOf(given);
  if (values.length === 0 || !values.every((value) => value instanceof SymbolicValue)) {
    const odd = values.find((value) => !(value instanceof SymbolicValue));
    throw new ConfigError(
      "config/not-symbolic",
      `${what} takes a symbolic value, an array of them or a record of them by name; got ${show(odd ?? given)}.`,
    );
  }
  const taken = new Set<string>();
  const names = values.map((value, i) => {
    const own = known ? known[i] : form === "record" ? Object.keys(given)[i] : (value.name ?? value.origin?.layer.name);
    const name = own ?? firstFree(base, taken);
    if (typeof name !== "string" || !/^[^/\s][^/]*$/.test(name)) {
      throw new ConfigError("config/bad-name", `A name in ${what} must be a text without "/"; got ${show(name)}.`);
    }
    if (taken.has(name)) {
      throw new ConfigError(
        "config/duplicate-name",
        `Two of ${what} are called "${name}". Give each a name of its own: ${what}: { first: …, second: … }.`,
      );
    }
    taken.add(name);
    return name;
  });
  if (new Set(values).size < values.length && what === "inputs") {
    throw new ConfigError("config/duplicate-name", "One input stands in inputs twice.");
  }
  return { values, names };
}

function firstFree(base: string, taken: ReadonlySet<string>): string {
  for (let i = 0; ; i++) {
    const name = i === 0 ? base : `${base}_${i}`;
    if (!taken.has(name)) return name;
  }
}
