import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

test("trains, saves, loads and predicts", () => {
  const script = fileURLToPath(new URL("digits.js", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /output/); // the summary
  assert.ok(Number(/unseen images: ([\d.]+)/.exec(stdout)[1]) > 0.93, stdout);
  const [, digit, label] = /is a (\d) \(.*labelled (\d)/.exec(stdout);
  assert.equal(digit, label);
});
