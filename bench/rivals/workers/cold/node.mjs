// What Node itself takes.

import { report, testInput } from "./measured.mjs";

report(testInput(784));
