// Configs of Keras as plain JSON from anybody: own keys only, each asked for or known to be harmless.

import { show } from "../check.js";
import { ModelFormatError, UnsupportedError } from "../errors.js";
import { shownName } from "../io/foreign.js";

export type Json = Readonly<Record<string, unknown>>;

/** Which Keras wrote it: the same names mean other functions in each. TensorFlow.js speaks as Keras 2. */
export type Dialect = 2 | 3;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** Of an object's own keys: what JSON calls "constructor" is nobody's prototype. */
export function own(object: Json, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** @throws ModelFormatError `keras/bad-topology` */
export function objectAt(value: unknown, what: string): Json {
  if (isObject(value)) return value;
  throw badTopology(`${what} is ${show(value)}, expected an object`);
}

export function listAt(value: unknown, what: string): readonly unknown[] {
  const list = plain(value);
  if (Array.isArray(list)) return list;
  throw badTopology(`${what} is ${show(list)}, expected a list`);
}

export function textAt(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  throw badTopology(`${what} is ${show(value)}, expected a text`);
}

export function badTopology(why: string, cause?: unknown): ModelFormatError {
  return new ModelFormatError("keras/bad-topology", `The network of the file cannot be used: ${why}.`, { cause });
}

/** What Keras 3 wraps: tuples and arrays of numpy. */
export function plain(value: unknown): unknown {
  if (!isObject(value)) return value;
  if (own(value, "class_name") === "__tuple__") return own(value, "items");
  const config = own(value, "config");
  if (own(value, "class_name") === "__numpy__" && isObject(config)) return own(config, "value");
  return value;
}

/** "hardSigmoid" and "hard_sigmoid" as "hard_sigmoid". */
export function snakeCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}

/** The options of one layer. */
export class LayerConfig {
  readonly name: string;
  readonly className: string;
  readonly dialect: Dialect;
  readonly #config: Json;
  readonly #read = new Set<string>();

  constructor(className: string, name: string, config: Json, dialect: Dialect) {
    this.className = className;
    this.name = name;
    this.dialect = dialect;
    this.#config = config;
  }

  get label(): string {
    return `Layer ${shownName(this.name)} (${shownName(this.className).slice(1, -1)})`;
  }

  /** Undefined where there is none, or null. */
  value(key: string): unknown {
    this.#read.add(key);
    return plain(own(this.#config, key) ?? undefined);
  }

  number(key: string, missing: number): number {
    const value = this.value(key) ?? missing;
    if (typeof value === "number") return value;
    throw this.bad(`its ${key} is ${show(value)}, expected a number`);
  }

  flag(key: string, missing: boolean): boolean {
    const value = this.value(key) ?? missing;
    if (typeof value === "boolean") return value;
    throw this.bad(`its ${key} is ${show(value)}, expected true or false`);
  }

  /** Whole numbers, one by itself being a list of one; undefined where there are none. */
  integers(key: string): readonly number[] | undefined {
    const value = this.value(key);
    if (value === undefined) return undefined;
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (list.every((item): item is number => Number.isSafeInteger(item))) return list;
    throw this.bad(`its ${key} is ${show(value)}, expected whole numbers`);
  }

  /** For what changes nothing here. */
  ignore(...keys: string[]): void {
    for (const key of keys) this.#read.add(key);
  }

  /** Refuses the layer where one of these is set: lanewise has no such option there. */
  refuse(...keys: string[]): void {
    for (const key of keys) {
      const value = this.value(key);
      if (value !== undefined && value !== false) throw this.unsupported(`lanewise has no ${key} there`);
    }
  }

  /** An option that nobody asked for may change what the layer computes; null says that it is not set. */
  refuseUnread(): void {
    const unread = Object.keys(this.#config).find((key) => !this.#read.has(key) && this.#config[key] !== null);
    if (unread !== undefined) throw this.unsupported(`its option ${shownName(unread)} is not known`);
  }

  unsupported(why: string): UnsupportedError {
    return new UnsupportedError("keras/unsupported-layer", `${this.label} is not supported: ${why}.`);
  }

  bad(why: string): ModelFormatError {
    return new ModelFormatError("keras/bad-config", `${this.label} cannot be used: ${why}.`);
  }
}
