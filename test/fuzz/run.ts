// One reader over many files, in this process: what came of them, what they took, and which branches they reached.

import { writeSync } from "node:fs";
import { type Branch, Coverage } from "./coverage.js";
import { caseOf, judge, type Verdict } from "./judge.js";
import type { Prepared, Reader } from "./reader.js";

export interface Found extends Omit<Verdict, "read"> {
  readonly case: number;
}

export interface Summary {
  readonly reader: string;
  readonly seed: number;
  readonly files: number;
  readonly seconds: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly read: number;
  readonly slowest: Found;
  /** Those that made the memory grow most, measured anew behind a collection; the greatest first. */
  readonly greediest: readonly Found[];
  /** Resident memory, at most, beyond what it was before the first file. */
  readonly residentBytes: number;
  readonly faults: readonly Found[];
  readonly branches: readonly Branch[];
}

const MOST_FAULTS = 20;
const GREEDIEST = 8;

export interface RunOptions {
  readonly seed: number;
  readonly files: number;
  /** A file descriptor that the number of the case under way is written to, so that it is known if all ends there. */
  readonly position?: number;
  readonly coverage?: { readonly of: Coverage; compiled(source: string): URL };
}

/** Runs the cases 0 … files − 1. */
export async function run(reader: Reader, { seed, files, position, coverage }: RunOptions): Promise<Summary> {
  const prepared = await reader.prepare();
  const before = Buffer.from(await prepared.good());
  globalThis.gc?.();
  const resident = process.memoryUsage.rss();
  const began = performance.now();
  const tally = new Tally();
  const mark = (number: number) => position !== undefined && writeSync(position, String(number).padEnd(16), 0);
  for (let number = 0; number < files; number++) {
    mark(number);
    tally.note(number, await judge(reader, prepared, caseOf(prepared, seed, number)));
    if (tally.faults.length >= MOST_FAULTS) break;
  }
  mark(files);
  const seconds = (performance.now() - began) / 1000;
  const residentBytes = Math.max(0, process.resourceUsage().maxRSS * 1024 - resident);
  const branches = coverage?.of.branches(reader.sources, coverage.compiled) ?? [];
  if (before.compare(await prepared.good()) !== 0) {
    tally.faults.push({ case: files, ...NOTHING, fault: "a good file gives other bits behind the run than before it" });
  }
  const greediest = await measured(reader, prepared, seed, tally.greediest);
  const { slowest, read, faults } = tally;
  const outcomes = Object.fromEntries([...tally.outcomes].sort(([, a], [, b]) => b - a));
  return {
    reader: reader.name,
    seed,
    files,
    seconds,
    outcomes,
    read,
    slowest,
    greediest,
    residentBytes,
    faults,
    branches,
  };
}

const NOTHING = { outcome: "", ms: 0, fileBytes: 0, grownBytes: 0 };

class Tally {
  readonly outcomes = new Map<string, number>();
  readonly faults: Found[] = [];
  greediest: Found[] = [];
  slowest: Found = { case: 0, ...NOTHING };
  read = 0;

  note(number: number, { read, ...verdict }: Verdict): void {
    const found = { case: number, ...verdict };
    this.outcomes.set(verdict.outcome, (this.outcomes.get(verdict.outcome) ?? 0) + 1);
    if (read) this.read++;
    if (verdict.fault !== undefined) this.faults.push(found);
    if (verdict.ms > this.slowest.ms) this.slowest = found;
    if (this.greediest.length === GREEDIEST && verdict.grownBytes <= this.greediest.at(-1)!.grownBytes) return;
    this.greediest = [...this.greediest, found].sort((a, b) => b.grownBytes - a.grownBytes).slice(0, GREEDIEST);
  }
}

/** Without what other files had left behind. */
async function measured(reader: Reader, prepared: Prepared, seed: number, found: readonly Found[]): Promise<Found[]> {
  const again: Found[] = [];
  for (const { case: number } of found) {
    globalThis.gc?.();
    const { read: _, ...verdict } = await judge(reader, prepared, caseOf(prepared, seed, number));
    again.push({ case: number, ...verdict });
  }
  return again.sort((a, b) => b.grownBytes - a.grownBytes);
}
