// What every case is held to, whatever the reader: it reads or refuses, soon, with little memory, and leaves the rest as it is.

import { performance } from "node:perf_hooks";
import { LanewiseError } from "../../src/errors.js";
import { Random } from "./random.js";
import type { Case, Prepared, Reader } from "./reader.js";

/** Most of what one file may take, the faster of two times where one is long. */
const MOST_MS = 1000;
const MOST_MS_PER_BYTE = 1 / 5000;
const LONG_MS = 100;
/** Most that a file may make grow: what a model takes in any case, and so many bytes a byte. */
const MOST_BYTES = 32 * 2 ** 20;
const MOST_BYTES_PER_BYTE = 256;
/** What no file may be refused with: no memory, no engine. */
const OURS = /^(memory|engine)\//;

export interface Verdict {
  /** "a model", or the code it was refused with. */
  readonly outcome: string;
  readonly read: boolean;
  readonly ms: number;
  /** Of the file. */
  readonly fileBytes: number;
  /** By how much the heap and what lies beside it had grown behind it; 0 where there was a collection. */
  readonly grownBytes: number;
  /** What is wrong with the reader. */
  readonly fault?: string;
}

export function caseOf(prepared: Prepared, seed: number, number: number): Case {
  return prepared.make(new Random(seed, number));
}

/** Reads one file, and judges the reader by it. */
export async function judge(reader: Reader, prepared: Prepared, chosen: Case): Promise<Verdict> {
  const first = await attempt(reader, prepared, chosen);
  const most = MOST_BYTES + MOST_BYTES_PER_BYTE * chosen.file.length;
  if (first.fault !== undefined || (first.ms < LONG_MS && first.grownBytes <= most)) return first;
  globalThis.gc?.(); // what was left over from files before may have grown
  const again = await attempt(reader, prepared, chosen);
  const verdict = {
    ...first,
    ms: Math.min(first.ms, again.ms),
    grownBytes: Math.min(first.grownBytes, again.grownBytes),
  };
  if (verdict.ms > MOST_MS + MOST_MS_PER_BYTE * chosen.file.length)
    return { ...verdict, fault: `it took ${verdict.ms.toFixed(0)} ms` };
  if (verdict.grownBytes > most) {
    return { ...verdict, fault: `${verdict.fileBytes} bytes made the memory grow by ${verdict.grownBytes}` };
  }
  return verdict;
}

async function attempt(reader: Reader, prepared: Prepared, chosen: Case): Promise<Verdict> {
  const before = grown();
  const [start, busy] = [performance.now(), process.cpuUsage()];
  let [outcome, read, fault] = ["", true, undefined as string | undefined];
  try {
    outcome = await prepared.read(chosen);
  } catch (error) {
    read = false;
    outcome = error instanceof LanewiseError ? error.code : "FAULT";
    fault = faultOf(error, reader, chosen);
  }
  const { user, system } = process.cpuUsage(busy);
  const ms = Math.min(performance.now() - start, (user + system) / 1000); // on a busy machine the clock tells little
  const grownBytes = Math.max(0, grown() - before);
  fault ??= pollution();
  return { outcome, read, ms, fileBytes: chosen.file.length, grownBytes, ...(fault !== undefined && { fault }) };
}

function grown(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function faultOf(error: unknown, reader: Reader, { alsoRefused }: Case): string | undefined {
  if (!(error instanceof LanewiseError)) return error instanceof Error ? (error.stack ?? String(error)) : String(error);
  const known = reader.refusals.test(error.code) || alsoRefused?.test(error.code);
  if (known && !OURS.test(error.code)) return undefined;
  return `it refuses with ${error.code}: ${error.stack}`;
}

const SHARED: readonly object[] = [
  Object,
  Array,
  Map,
  Set,
  Function,
  String,
  Number,
  Promise,
  Uint8Array,
  Error,
].flatMap((kind) => [kind, kind.prototype as object]);
const keysOf = (object: object) => Reflect.ownKeys(object).map(String).join(" ");
const CLEAN = SHARED.map(keysOf);

/** What has been put on objects that all share. */
function pollution(): string | undefined {
  const at = SHARED.findIndex(
    (object, i) => Reflect.ownKeys(object).length !== CLEAN[i]!.split(" ").length || keysOf(object) !== CLEAN[i],
  );
  return at < 0 ? undefined : `it has changed what all objects share: ${keysOf(SHARED[at]!)}`;
}
