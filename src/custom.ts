// What parts of one's own (layers, losses) have in common: options that stand in files, and errors that say whose they are.

import { isFinite32, show } from "./check.js";
import { ConfigError, LanewiseError } from "./errors.js";

/** Options of a part of one's own: plain JSON. */
export type CustomConfig = Readonly<Record<string, unknown>>;

/**
 * The defaults as plain, frozen JSON.
 *
 * @param reserved Names that options cannot have.
 * @throws ConfigError `config/bad-config`
 */
export function plainDefaults<Config extends CustomConfig>(
  owner: string,
  defaults: Config,
  reserved: readonly string[],
): Config {
  if (typeof defaults !== "object" || defaults === null || Array.isArray(defaults)) {
    throw new ConfigError(
      "config/bad-config",
      `config of ${owner} must be an object of defaults; got ${show(defaults)}.`,
    );
  }
  const taken = reserved.find((name) => Object.hasOwn(defaults, name));
  if (taken !== undefined) {
    throw new ConfigError("config/bad-config", `config of ${owner} cannot have an option "${taken}": it is taken.`);
  }
  return plain(owner, defaults);
}

/**
 * Options over their defaults.
 *
 * @throws ConfigError `config/bad-config` for one that is no plain JSON or not of its default's type
 */
export function overDefaults<Config extends CustomConfig>(
  owner: string,
  defaults: Config,
  given: CustomConfig,
): Config {
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  for (const [option, value] of Object.entries(present)) {
    if (kindOf(value) === kindOf(defaults[option])) continue;
    throw new ConfigError(
      "config/bad-config",
      `${option} of ${owner} must be ${article(kindOf(defaults[option]))}, as its default ${show(defaults[option])} is; got ${show(value)}.`,
    );
  }
  return plain(owner, { ...defaults, ...present });
}

/** A frozen copy of what survives JSON unchanged. */
function plain<Config extends CustomConfig>(owner: string, config: Config): Config {
  for (const [option, value] of Object.entries(config)) {
    if (isPlain(value)) continue;
    throw new ConfigError(
      "config/bad-config",
      `${option} of ${owner} must be plain JSON with finite numbers, as it goes into files; got ${show(value)}.`,
    );
  }
  return Object.freeze(structuredClone(config)) as Config;
}

function isPlain(value: unknown): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return isFinite32(value);
  if (Array.isArray(value)) return value.every(isPlain);
  const prototype = typeof value === "object" ? (Object.getPrototypeOf(value) as unknown) : undefined;
  return prototype === Object.prototype && Object.values(value as object).every(isPlain);
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
}

function article(kind: string): string {
  return `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}

/** What the part's own code throws says whose it is. */
export function naming<T>(owner: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof LanewiseError)) throw error;
    const Kind = error.constructor as new (code: string, message: string, options: ErrorOptions) => LanewiseError;
    throw new Kind(error.code, `${owner}: ${error.message}`, { cause: error });
  }
}
