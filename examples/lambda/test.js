// The handler as Lambda calls it, over timeouts, held to the bits of one uninterrupted training.

import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadDigits } from "lanewise/data";
import { newborn, TRAINING } from "./digits.js";
import { createHandler } from "./handler.js";
import { bucketStore, folderStore } from "./stores.js";

let folder, digits, reference;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "lanewise-lambda-"));
  digits = await loadDigits();
  reference = await newborn();
  await reference.fit(digits.train.x, digits.train.y, TRAINING);
});
after(() => rm(folder, { recursive: true }));

/** Lambda's second argument, when so many milliseconds are left of the timeout. */
const contextOf = (remaining) => ({ getRemainingTimeInMillis: () => remaining, awsRequestId: "test" });

test("trains over many invocations, each a new process's, to the same bits", async () => {
  const store = folderStore(folder);
  let invocations = 0;
  for (let done = false; !done; invocations++) {
    ({ done } = await createHandler(store)({ action: "train", key: "digits" }, contextOf(2002)));
    assert.ok(invocations < 500);
  }
  assert.ok(invocations > 1, `${invocations} invocations`);
  assert.deepEqual(Uint8Array.from(await store.get("digits")), reference.toBytes({ includeOptimizer: true }));
  assert.deepEqual(await readdir(folder), ["digits.safetensors"]);
});

test("predicts", async () => {
  const image = Array.from(digits.test.x.subarray(0, 64));
  const event = JSON.parse(JSON.stringify({ action: "predict", key: "digits", image }));
  const { digit, probabilities } = await createHandler(folderStore(folder))(event, contextOf(3000));
  assert.equal(digit, digits.test.y[0]);
  assert.deepEqual(Float32Array.from(probabilities), reference.predict(digits.test.x.slice(0, 64)).data);
});

test("keeps states in a bucket", async () => {
  const objects = new Map();
  class GetObjectCommand {
    constructor(input) {
      this.run = () => {
        const bytes = objects.get(`${input.Bucket}/${input.Key}`);
        if (bytes) return { Body: { transformToByteArray: async () => bytes } };
        throw Object.assign(new Error("The specified key does not exist."), { name: "NoSuchKey" });
      };
    }
  }
  class PutObjectCommand {
    constructor(input) {
      this.run = () => void objects.set(`${input.Bucket}/${input.Key}`, input.Body);
    }
  }
  class S3Client {
    send = async (command) => command.run();
  }
  const store = bucketStore({ S3Client, GetObjectCommand, PutObjectCommand }, "models");
  const handler = createHandler(store);
  let answer;
  do answer = await handler({ action: "train", key: "a/b" }, contextOf(60_000));
  while (!answer.done);
  assert.deepEqual([...objects.keys()], ["models/a%2Fb.safetensors"]);
  assert.deepEqual(await store.get("a/b"), reference.toBytes({ includeOptimizer: true }));
});

test("refuses what it does not know, and too short a timeout", async () => {
  const handler = createHandler(folderStore(folder));
  await assert.rejects(handler({ action: "delete", key: "digits" }, contextOf(9000)), /"train" or "predict"/);
  await assert.rejects(handler({ action: "train" }, contextOf(9000)), /key/);
  await assert.rejects(handler({ action: "train", key: "digits" }, contextOf(1000)), /more than 2000 ms/);
});
