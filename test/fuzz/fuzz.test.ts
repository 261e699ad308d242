// A few hundred files for each reader; `npm run fuzz` reads a hundred thousand, and says which branches they reach.

import { expect, test } from "vitest";
import { READERS } from "./readers/index.js";
import { run } from "./run.js";

const FILES = 300;

test.each(READERS.map((reader) => [reader.name, reader] as const))(
  "%s: whatever is in a file, it is read or refused by a code; soon, with little memory, and nothing else changes",
  async (_, reader) => {
    const { faults, outcomes, read } = await run(reader, { seed: 1, files: FILES });
    expect(faults).toEqual([]);
    // Files reach past the first checks, and do not all pass.
    expect(read).toBeGreaterThan(FILES / 50);
    expect(Object.keys(outcomes).length).toBeGreaterThan(2);
  },
);
