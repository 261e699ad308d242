// What users pass for several inputs or outputs, brought into the order of the model's own.

import { show, suggest } from "../check.js";
import { ConfigError } from "../errors.js";

interface Named {
  readonly name: string;
}

/** By name, or in the order of the model's inputs or outputs; where there is one, just that one. */
export type PerPort<T> = T | readonly T[] | Readonly<Record<string, T>>;

/**
 * One entry a port. A model with a single one takes it as it is, or in a record by its name.
 *
 * @param what What the option is called in messages, such as "x" or "loss".
 * @param isEntry Tells an entry itself from a record by name, as both may be objects.
 * @throws ConfigError `config/bad-ports` naming what is missing, unknown, or too much
 */
export function perPort<T>(
  given: PerPort<T>,
  ports: readonly Named[],
  what: string,
  { isEntry, optional = false }: { isEntry: (given: object) => boolean; optional?: boolean },
): readonly T[] {
  const record = isRecord(given) && !isEntry(given);
  if (ports.length === 1 && !(record && Object.hasOwn(given, ports[0]!.name))) return [given as T];
  if (record) return fromRecord(given as Readonly<Record<string, T>>, ports, what, optional);
  if (Array.isArray(given) && given.length === ports.length) return given as readonly T[];
  const names = ports.map(({ name }) => name);
  throw new ConfigError(
    "config/bad-ports",
    `${what} takes ${ports.length} parts here, by name or in order: { ${names.join(": …, ")}: … } or an array of ${ports.length}; got ${show(given)}.`,
  );
}

/** `x`, or where there are several, `x of "left"`. */
export function portLabel(what: string, ports: readonly Named[], index: number): string {
  return ports.length === 1 ? what : `${what} of "${ports[index]!.name}"`;
}

function fromRecord<T>(
  given: Readonly<Record<string, T>>,
  ports: readonly Named[],
  what: string,
  optional: boolean,
): readonly T[] {
  const names = ports.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new ConfigError(
      "config/bad-ports",
      `${what} names ${show(unknown)}, and there is ${names.map((name) => `"${name}"`).join(", ")}.${suggest(unknown, names)}`,
    );
  }
  const missing = names.find((name) => !Object.hasOwn(given, name));
  if (missing !== undefined && !optional) {
    throw new ConfigError(
      "config/bad-ports",
      `${what} lacks "${missing}": it needs a part for each of ${names.join(", ")}.`,
    );
  }
  return names.map((name) => given[name] as T);
}

/** Plain objects only: no arrays, no typed arrays. */
function isRecord(given: unknown): given is object {
  return typeof given === "object" && given !== null && !Array.isArray(given) && !ArrayBuffer.isView(given);
}
