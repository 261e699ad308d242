// A set-up as the hash of an address, and back: "#data=moons&depth=3&optimizer=sgd~learningRate~0.1". Whoever wrote the
// address is a stranger: every field is checked as if it came from a control, and what does not hold is left as usual.

import { textOf } from "./fields.js";
import { FIELD_NAMES, type FieldName, FIELDS, INITIAL, readField, sameText, type Setup } from "./setup.js";

/** Longer than any set-up is. */
const MOST_LETTERS = 2000;

/** Only what is not as usual; your own CSV stays with you, and only its name goes along. */
export function hashOf(setup: Setup): string {
  const own = FIELD_NAMES.filter((name) => !sameText(name, setup[name], INITIAL[name]));
  return own.map((name) => `${name}=${encodeURIComponent(textOf(FIELDS[name], setup[name]))}`).join("&");
}

/** With what was wrong with it, in sentences. */
export function readHash(hash: string): { readonly setup: Setup; readonly complaints: readonly string[] } {
  const text = hash.replace(/^#/, "");
  if (text.length > MOST_LETTERS)
    return { setup: INITIAL, complaints: ["The link is too long to be one of this page."] };
  const setup: Record<string, unknown> = { ...INITIAL };
  const complaints: string[] = [];
  for (const [name, value] of new URLSearchParams(text)) {
    try {
      if (!Object.hasOwn(FIELDS, name)) throw new RangeError(`There is no setting “${name.slice(0, 40)}”`);
      setup[name] = readField(name as FieldName, value);
    } catch (error) {
      complaints.push(`${(error as Error).message}.`);
    }
  }
  return { setup: setup as unknown as Setup, complaints };
}
