// What a row of the activations' table says, and how it becomes a factory.

import { numberInRange } from "../check.js";
import { describe, type Description, type FamilyRow } from "../family.js";

export interface ActivationRow extends FamilyRow {
  /** The code of its elementwise kernels (which may depend on its options), or an op of its own over the last axis. */
  readonly op: number | ((options: Readonly<Record<string, unknown>>) => number) | "softmax" | "logSoftmax";
  /** What its derivative is computed from: only with its output can it be fused into a product that is trained. */
  readonly derivativeFrom: "output" | "input";
  /** The one option that its kernels take as a number. */
  readonly parameter?: string;
  /** What each option must be. */
  readonly checks?: Readonly<Record<string, (value: unknown, what: string) => unknown>>;
  /** Of one that flattens out on both sides: its greatest derivative. */
  readonly steepest?: number;
  /** What "auto" draws the weights of a layer with this activation from. */
  readonly initializer: "glorotUniform" | "heNormal" | "lecunNormal";
}

type Options<Row extends ActivationRow> = { -readonly [K in keyof Row["options"]]?: Widened<Row["options"][K]> };
type Widened<T> = T extends number ? number : T extends boolean ? boolean : T;

/** The factory of one activation; its row goes with it, and into the table. */
export function activation<const Name extends string, const Row extends ActivationRow>(name: Name, row: Row) {
  const family = { kind: "activation", rows: { [name]: row } } as const;
  const factory = (options: Options<Row> = {}): Description<Name> => {
    const description = describe(family, name, options) as Description<Name>;
    checkOptions(description, row);
    return description;
  };
  Object.defineProperty(factory, "name", { value: name });
  return Object.assign(factory, { row });
}

/** @throws ConfigError for an option out of its range */
export function checkOptions(description: Description, { checks = {} }: ActivationRow): void {
  for (const [option, check] of Object.entries(checks)) {
    check(description[option], `${option} of activation "${description.name}"`);
  }
}

/** At least 0, and far from overflow in 32 bits. */
export function nonNegative(value: unknown, what: string): number {
  return numberInRange(value, what, 0, 2 ** 100);
}

/** Above 0, and far from underflow and overflow in 32 bits. */
export function positive(value: unknown, what: string): number {
  return numberInRange(value, what, 2 ** -100, 2 ** 100);
}
