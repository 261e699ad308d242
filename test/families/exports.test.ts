// Nothing that the package exports goes untested: it is a member of a family that the suite runs over, or it stands here
// with the place of its tests.

import { expect, test } from "vitest";
import { LanewiseError } from "../../src/errors.js";
import * as lanewise from "../../src/index.js";
import { CALLBACKS } from "./callbacks.js";
import { NO_LAYERS } from "./layers.js";
import { FAMILIES } from "./table.js";

/** What is no member of a family. */
const OTHERS: Readonly<Record<string, string>> = {
  ...NO_LAYERS,
  Model: "test/model",
  accuracy: "test/model: the accuracy that fits the loss",
  crossValidate: "test/model/crossValidate.test.ts",
  defineLoss: "test/layers/define.test.ts",
  discriminativeRates: "test/transfer",
  foldBatchNorm: "test/transfer",
  init: "test/runtime",
  loadModel: "test/io",
  model: "test/model/graph.test.ts",
  sequential: "test/model",
  ...Object.fromEntries(
    ["linearSvm", "logisticRegression", "loadLinearModel", "LinearClassifier", "LogisticClassifier"].map((name) => [
      name,
      "test/transfer/linear.test.ts",
    ]),
  ),
  ...Object.fromEntries(["search", "choice", "integer", "logUniform", "uniform"].map((name) => [name, "test/search"])),
};

const isError = (value: unknown): boolean =>
  typeof value === "function" && (value === LanewiseError || value.prototype instanceof LanewiseError);

test("every export has its tests", () => {
  const members = new Set([...FAMILIES.flatMap(({ names }) => names), ...Object.keys(CALLBACKS)]);
  const untested = Object.entries(lanewise)
    .filter(([name, value]) => typeof value === "function" && !isError(value) && !members.has(name))
    .map(([name]) => name)
    .filter((name) => !(name in OTHERS))
    .map(
      (name) => `add a case for ${name} to its family in test/families, or say in exports.test.ts where it is tested`,
    );
  if (untested.length > 0) expect.fail(untested.join("\n"));
});

test("every group of exports is a family of the suite", () => {
  const modules = new Set(FAMILIES.map(({ naming }) => naming?.module));
  const strange = Object.entries(lanewise)
    .filter(([, value]) => typeof value === "object" && !modules.has(value as unknown as Record<string, unknown>))
    .map(([name]) => `add the family of "${name}" to FAMILIES in test/families/table.ts`);
  if (strange.length > 0) expect.fail(strange.join("\n"));
});
