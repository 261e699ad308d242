// What the tests of threads share: every record that can be is cut, however small, and what helpers did is counted.

import { vi } from "vitest";
import type * as SplitModule from "../../src/program/split.js";
import { Crew } from "../../src/runtime/crew.js";

/** For vi.mock of src/program/split.js. */
export async function splitEverything(original: () => Promise<unknown>): Promise<typeof SplitModule> {
  const actual = (await original()) as typeof SplitModule;
  const splitsOf: typeof actual.splitsOf = (nodes, capacity, threads) =>
    actual.splitsOf(nodes, capacity, threads, { leastCost: 1, leastShare: 0 });
  return { ...actual, splitsOf };
}

/** Every crew that is mustered from now on. */
export function watchCrews(): ReadonlySet<Crew> {
  vi.restoreAllMocks();
  const crews = new Set<Crew>();
  const { muster } = Crew.prototype;
  vi.spyOn(Crew.prototype, "muster").mockImplementation(function (this: Crew) {
    crews.add(this);
    muster.call(this);
  });
  return crews;
}

export function helpedBy(crews: ReadonlySet<Crew>): number {
  return [...crews].reduce((sum, { helped }) => sum + helped, 0);
}
