// The Worker in workerd, the runtime of Cloudflare: held to the bits of an uninterrupted training in Node, and to 10 ms of CPU.

import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { loadDigits } from "lanewise/data";
import { Miniflare } from "miniflare";
import { newborn, TRAINING } from "./digits.js";

const ORIGIN = "http://learner";
const WASM = "./node_modules/lanewise/build/lanewise.wasm";
/** Deployed, clocks stand still while the CPU works; here they never move at all. */
const FROZEN_CLOCK = "performance.now = () => 0; Date.now = () => 0;";

let folder, worker, digits, reference;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "lanewise-workerd-"));
  digits = await loadDigits();
  worker = await started();
  reference = await newborn();
  await reference.fit(digits.train.x, digits.train.y, TRAINING);
});
after(async () => {
  await worker.dispose();
  await rm(folder, { recursive: true });
});

async function started() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("worker.js", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    external: ["*.wasm", "node:*"],
    banner: { js: FROZEN_CLOCK },
    logLevel: "error",
  });
  return new Miniflare({
    modules: [
      { type: "ESModule", path: "worker.js", contents: outputFiles[0].text },
      { type: "CompiledWasm", path: WASM, contents: await readFile(new URL(WASM, import.meta.url)) },
    ],
    compatibilityDate: "2025-01-01",
    durableObjects: { LEARNER: { className: "Learner", useSQLite: true } },
    durableObjectsPersist: folder,
  });
}

async function call(path, init) {
  const response = await worker.dispatchFetch(ORIGIN + path, init);
  return { status: response.status, response };
}

const trainOnce = async () => (await call("/train", { method: "POST" })).response.json();
const bytesOf = async () => new Uint8Array(await (await call("/model")).response.arrayBuffer());

test("a bit a request comes to the bits of an uninterrupted training in Node, also over a restart", async () => {
  let requests = 0;
  for (let done = false; !done; requests++) {
    if (requests === 5) {
      await worker.dispose(); // what is in memory is gone, and what is stored is not
      worker = await started();
    }
    ({ done } = await trainOnce());
    assert.ok(requests < 100);
  }
  assert.equal(requests, Math.ceil((TRAINING.epochs * Math.ceil(digits.train.y.length / TRAINING.batchSize)) / 20));
  assert.deepEqual(await bytesOf(), reference.toBytes({ includeOptimizer: true }));
});

test("predicts", async () => {
  const { accuracy } = await reference.evaluate(digits.test.x, digits.test.y);
  assert.ok(accuracy > 0.9, `accuracy ${accuracy}`);
  const image = digits.test.x.slice(0, 64);
  const { response } = await call("/predict", { method: "POST", body: image });
  const { digit, probabilities } = await response.json();
  assert.equal(digit, digits.test.y[0]);
  assert.deepEqual(Float32Array.from(probabilities), reference.predict(image).data);
});

test("says what is wrong", async () => {
  const { status, response } = await call("/predict", { method: "POST", body: new Uint8Array(63) });
  assert.equal(status, 400);
  assert.equal((await response.json()).code, "shape/row-width");
  assert.equal((await call("/elsewhere")).status, 404);
});

test(
  "takes at most 10 ms of CPU a request",
  { skip: process.platform !== "linux" && "/proc tells CPU times" },
  async () => {
    await worker.dispose();
    await rm(folder, { recursive: true });
    worker = await started();
    await worker.ready;
    const pid = await workerd();
    const start = await cpuMs(pid);
    await call("/model"); // the object is made, and the code compiled
    const made = (await cpuMs(pid)) - start;
    const times = [];
    for (let i = 0; i < 25; i++) {
      const began = await cpuMs(pid);
      await trainOnce();
      times.push((await cpuMs(pid)) - began);
    }
    const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
    const [first, last] = [times[0], times.at(-1)].map((ms) => ms.toFixed(1));
    console.log(`CPU of workerd: ${mean.toFixed(1)} ms a request on average, ${first} the first, ${last} the last`);
    console.log(`before them, to start the object: ${made.toFixed(1)} ms`);
    assert.ok(mean <= 10, `${mean} ms`);
  },
);

/** The process that miniflare has started. */
async function workerd() {
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const [, name, parent] = /\((.*)\) \S (\d+)/.exec(stat) ?? [];
    if (name === "workerd" && Number(parent) === process.pid) return pid;
  }
  throw new Error("There is no workerd.");
}

/** Of all its threads, to the microsecond. */
async function cpuMs(pid) {
  const threads = await readdir(`/proc/${pid}/task`);
  const ns = await Promise.all(
    threads.map(async (thread) =>
      Number((await readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8")).split(" ")[0]),
    ),
  );
  return ns.reduce((sum, each) => sum + each, 0) / 1e6;
}
