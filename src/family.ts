// What all families of named parts (activations, initializers, losses …) have in common: a table with one row a member,
// from which follow the types, the lookup by name with a suggestion, the factories and the form in a file.

import { knownOptions, show, suggest } from "./check.js";
import { ConfigError } from "./errors.js";

/** One named part with its options filled in: plain JSON, immutable, the same in a program and in a file. */
export type Description<Name extends string = string> = Readonly<{ name: Name } & Record<string, unknown>>;

/** A row's part that every family shares. */
export interface FamilyRow {
  /** Options and their defaults; `undefined` marks one that may be left out. */
  readonly options: Readonly<Record<string, unknown>>;
  /** In words or symbols, for the docs. */
  readonly formula: string;
  /** Where it was published, where that is one place. */
  readonly paper?: string;
}

/** What a member is called in messages, and in the code of an unknown one: `config/unknown-activation`. */
export type FamilyKind =
  | "activation"
  | "clipping"
  | "constraint"
  | "initializer"
  | "loss"
  | "metric"
  | "optimizer"
  | "regularizer"
  | "schedule";

export interface Family<Rows extends Record<string, FamilyRow>> {
  readonly kind: FamilyKind;
  readonly rows: Rows;
}

export type NameIn<F> = F extends Family<infer Rows> ? keyof Rows & string : never;

/** Returns the description of `name` with `options` over its defaults; unknown names and options are refused. */
export function describe<Rows extends Record<string, FamilyRow>>(
  family: Family<Rows>,
  name: string,
  options: object = {},
): Description<keyof Rows & string> {
  const row = rowOf(family, name);
  knownOptions<Record<string, unknown>>(options, `${family.kind} "${name}"`, row.options);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const filled: Record<string, unknown> = { ...row.options, ...given, name };
  for (const key of Object.keys(filled)) if (filled[key] === undefined) delete filled[key];
  return Object.freeze(filled) as Description<keyof Rows & string>;
}

/** A string or a description becomes a complete description. */
export function resolve<Rows extends Record<string, FamilyRow>>(
  family: Family<Rows>,
  given: string | Readonly<{ name: string }>,
): Description<keyof Rows & string> {
  if (typeof given === "string") return describe(family, given);
  if (given === null || typeof given !== "object" || typeof given.name !== "string") {
    throw new ConfigError(
      `config/unknown-${family.kind}`,
      `${article(family.kind)} is a name or what a factory returns, such as "${Object.keys(family.rows)[0]}"; got ${show(given)}.`,
    );
  }
  const { name, ...options } = given;
  return describe(family, name, options);
}

/** The row of `name`; an unknown name is refused with the nearest one. */
export function rowOf<Rows extends Record<string, FamilyRow>>(family: Family<Rows>, name: string): Rows[keyof Rows] {
  if (!Object.hasOwn(family.rows, name)) {
    const names = Object.keys(family.rows);
    throw new ConfigError(
      `config/unknown-${family.kind}`,
      `There is no ${family.kind} ${show(name)}.${suggest(name, names)} Known: ${names.join(", ")}.`,
    );
  }
  return family.rows[name as keyof Rows];
}

function article(kind: string): string {
  return `${/^[aeiou]/.test(kind) ? "An" : "A"} ${kind}`;
}
