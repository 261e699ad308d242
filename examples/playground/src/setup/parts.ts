// What a network may be made of: the library's own tables, so that what it learns to do, this page can.

import { activations, clipping, dense, initializers, optimizers } from "lanewise";

/** A named part with its options, as the library describes it: { name: "adam", learningRate: 0.001, … }. */
export type Part = Readonly<{ name: string } & Record<string, unknown>>;

export interface Family {
  readonly names: readonly string[];
  /** @throws the library's ConfigError, for names and options that there are none of */
  readonly make: (name: string, options?: Readonly<Record<string, unknown>>) => Part;
}

type Factory = (options?: object) => Part;
type Check = (part: never) => unknown;

/** @param check Of options that the factory takes as they are, and that are checked where the part is used. */
function family(factories: object, names: readonly string[], what: string, check: Check = () => undefined): Family {
  return {
    names,
    make(name, options = {}) {
      if (!names.includes(name)) throw new RangeError(`one of ${names.join(", ")}; there is no ${what} "${name}"`);
      const part = (factories as Record<string, Factory>)[name]!(options);
      check(part as never);
      return part;
    },
  };
}

/** Those that are applied number by number; softmax and its like belong to outputs. */
const hidden = Object.entries(activations).filter(([, { row }]) => typeof row.op !== "string");

export const ACTIVATIONS = family(
  activations,
  hidden.map(([name]) => name),
  "activation",
);
export const INITIALIZERS = family(initializers, Object.keys(initializers), "initializer", (kernelInitializer) =>
  dense(1, { kernelInitializer }),
);
export const OPTIMIZERS = family(
  optimizers,
  Object.keys(optimizers.OPTIMIZERS.rows),
  "optimizer",
  optimizers.resolveOptimizer,
);
export const CLIPPINGS = Object.keys(clipping.CLIPPING.rows) as (keyof typeof clipping.CLIPPING.rows)[];

/** The options of a part that are numbers or yes and no: those that a control can be made for. */
export function optionsOf(part: Part): [option: string, value: number | boolean][] {
  return Object.entries(part).filter((entry): entry is [string, number | boolean] => {
    return typeof entry[1] === "number" || typeof entry[1] === "boolean";
  });
}
