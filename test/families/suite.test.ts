// The suite itself: what it says of a member that lacks something.

import { expect, test } from "vitest";
import { missing } from "./suite.js";
import { FAMILIES } from "./table.js";

test.each(FAMILIES)("a $kind without case, twin and figures is told where each of them goes", (family) => {
  const bare = { ...family, cases: () => [], hasTwin: () => false, figures: () => [] };
  const { cases, twin, figures } = family.files;
  expect(missing(bare, "newcomer")).toEqual([
    `add a case for ${family.kind} "newcomer" to ${cases}`,
    `add the f64 twin of ${family.kind} "newcomer" to ${twin}`,
    `add reference figures of ${family.kind} "newcomer" to ${figures}`,
  ]);
  for (const name of family.names) expect(missing(family, name)).toEqual([]);
});
