// How many threads a model may have here, and memory that they can share.

import { MAX_THREADS } from "../../assembly/shared/layout.js";
import { show } from "../check.js";
import { ConfigError } from "../errors.js";
import { builtin } from "./builtin.js";

/** What `threads` takes. */
export type Threads = number | "auto";

/** More seldom pay: a record has work for a few threads, and some of the cores that a machine names are halves. */
const MOST_AUTOMATIC = 8;
/** The largest memory to ask for, in pages: an engine reserves all of a shared one, and some have no room for 4 GiB. */
const MAXIMUM_PAGES = [65536, 32768, 16384];

/** @throws ConfigError `config/bad-threads` */
export function checkThreads(threads: unknown): Threads {
  if (threads === "auto") return threads;
  if (Number.isInteger(threads) && (threads as number) >= 1 && (threads as number) <= MAX_THREADS) {
    return threads as number;
  }
  throw new ConfigError(
    "config/bad-threads",
    `threads must be "auto" or a whole number from 1 to ${MAX_THREADS}; got ${show(threads)}.`,
  );
}

/** How many that is here: one, and a warning, where several cannot be had. */
export async function threadCount(threads: Threads): Promise<number> {
  const count = threads === "auto" ? Math.min(MOST_AUTOMATIC, await parallelism()) : threads;
  const obstacle = count > 1 ? whyOnlyOne() : undefined;
  if (obstacle === undefined) return count;
  warnOfOneThread(obstacle);
  return 1;
}

async function parallelism(): Promise<number> {
  if (isNode()) return (await builtin("os")).availableParallelism();
  return typeof navigator === "object" ? (navigator.hardwareConcurrency ?? 1) : 1;
}

function whyOnlyOne(): string | undefined {
  if ((globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === false) {
    return (
      "this page is not cross-origin isolated, so its memory cannot be shared. Serve it with the headers " +
      "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp"
    );
  }
  if (typeof SharedArrayBuffer !== "function") return "this JavaScript engine has no shared memory";
  if (typeof Worker !== "function" && !isNode()) return "this JavaScript engine has no workers";
  return undefined;
}

export function isNode(): boolean {
  return typeof process === "object" && typeof process.versions?.node === "string" && typeof Worker !== "function";
}

/** Whether workers can be started here at all. */
export function hasWorkers(): boolean {
  return typeof Worker === "function" || isNode();
}

/** Whether this thread may wait for others asleep: a page's own may not. */
export function maySleep(): boolean {
  return typeof document === "undefined";
}

let warned = false;

/** Says so once, whatever the number of models. */
export function warnOfOneThread(why: string): void {
  if (warned) return;
  warned = true;
  console.warn(`lanewise: threads was asked for, and one is used, with the same results: ${why}.`);
}

/** @throws RangeError where there is no room */
export function sharedMemory(initial: number): WebAssembly.Memory {
  for (const maximum of MAXIMUM_PAGES) {
    try {
      return new WebAssembly.Memory({ initial, maximum, shared: true });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }
  throw new RangeError(`shared memory of ${MAXIMUM_PAGES.at(-1)! / 16} MiB cannot be reserved`);
}
