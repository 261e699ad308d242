// JSON from anybody: its size and depth are bounded before it is parsed.

import { ModelFormatError } from "../errors.js";
import type { ErrorCode } from "../errorCodes.js";

export interface JsonLimits {
  readonly mostBytes: number;
  readonly mostDepth: number;
  /** Of the error that says what is wrong. */
  readonly code: ErrorCode;
  /** What it is called there. */
  readonly what: string;
}

/** @throws ModelFormatError of the given code */
export function parseJson(source: Uint8Array | string, { mostBytes, mostDepth, code, what }: JsonLimits): unknown {
  const fail = (why: string, cause?: unknown) =>
    new ModelFormatError(code, `${what} cannot be read: ${why}.`, { cause });
  if (source.length > mostBytes) throw fail(`it is ${source.length} bytes long; up to ${mostBytes} are read`);
  try {
    const text = typeof source === "string" ? source : new TextDecoder("utf-8", { fatal: true }).decode(source);
    if (depthOf(text) <= mostDepth) return JSON.parse(text) as unknown;
  } catch (error) {
    throw fail("it is no JSON", error);
  }
  throw fail(`it nests more than ${mostDepth} deep`);
}

/** How deep brackets nest, outside of texts. */
function depthOf(text: string): number {
  let [depth, deepest, quoted] = [0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quoted) {
      if (c === BACKSLASH) i++;
      else if (c === QUOTE) quoted = false;
    } else if (c === QUOTE) quoted = true;
    else if (c === BRACKET || c === BRACE) deepest = Math.max(deepest, ++depth);
    else if (c === BRACKET + 2 || c === BRACE + 2) depth--;
  }
  return deepest;
}

const [QUOTE, BACKSLASH, BRACKET, BRACE] = [0x22, 0x5c, 0x5b, 0x7b];
