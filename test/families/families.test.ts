// The one suite over all members of all families. What is special to one family stands in its own file beside this one.

import { describe } from "vitest";
import { testFamily } from "./suite.js";
import { FAMILIES } from "./table.js";

describe.each(FAMILIES.map((family) => [family.kind, family] as const))("%s", (_, family) => testFamily(family));
