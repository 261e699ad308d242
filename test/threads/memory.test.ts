// What several instances on one memory may not do to it, and what of it nobody else may see.

import { readFileSync } from "node:fs";
import { expect, it, vi } from "vitest";
import { dense, sequential } from "../../src/index.js";
import { Engine } from "../../src/runtime/engine.js";
import { conformance } from "../platform/conformance.js";

vi.mock("../../src/program/split.js", async (original) => (await import("./everything.js")).splitEverything(original));

const bytes = readFileSync(new URL("../../build/lanewise-threads.wasm", import.meta.url));
const module = new WebAssembly.Module(bytes);

function instance(memory: WebAssembly.Memory) {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as { heapBase(): number };
}

it("an instance more changes no byte of the memory, as long as nobody writes static data", () => {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
  const { heapBase } = instance(memory);
  const whole = new Uint8Array(memory.buffer);
  whole.fill(0xa5, heapBase());
  whole.fill(0x5a, 0, 1024);
  const before = whole.slice();
  instance(memory);
  expect(Buffer.compare(whole.slice(), before)).toBe(0);
});

it("nobody writes static data, whatever is trained", async () => {
  const engines: Engine[] = [];
  const create = Engine.create.bind(Engine);
  vi.spyOn(Engine, "create").mockImplementation(async (threads) => {
    const engine = await create(threads);
    engines.push(engine);
    return engine;
  });
  await conformance({ threads: 2 });
  const fresh = new WebAssembly.Memory({ initial: 2, maximum: 65536, shared: true });
  const base = instance(fresh).heapBase();
  const expected = new Uint8Array(fresh.buffer).slice(0, base);
  const shared = engines.filter(({ threads }) => threads === 2);
  expect(shared.length).toBeGreaterThan(10);
  for (const engine of shared) expect(Buffer.compare(engine.u8(0, base).slice(), expected)).toBe(0);
  vi.restoreAllMocks();
});

it("an instance has nothing beside the memory that would have to be its own: no stack in it", () => {
  const globals = WebAssembly.Module.exports(module).filter(({ kind }) => kind === "global");
  expect(globals.map(({ name }) => name).filter((name) => /stack/.test(name))).toEqual([]);
  expect(WebAssembly.Module.imports(module)).toEqual([{ module: "env", name: "memory", kind: "memory" }]);
});

it("views follow a memory that grows", async () => {
  const engine = await Engine.create({ threads: 2 });
  const { view } = engine;
  expect(view.buffer).toBeInstanceOf(SharedArrayBuffer);
  const address = engine.heap.allocate(1 << 22, "a test");
  expect(engine.view).not.toBe(view);
  engine.view.setFloat32(address + (1 << 22) - 4, 2.5, true);
  expect(engine.f32(address + (1 << 22) - 4, 1)[0]).toBe(2.5);
  expect(view.byteLength).toBeLessThan(1 << 22);
});

it("what users get is theirs, and never shared", async () => {
  const model = await sequential({ inputShape: 6, layers: [dense(20), dense(3)], seed: 1, threads: 2 });
  model.compile({ optimizer: "adam", loss: "meanSquaredError" });
  const [x, y] = [new Float32Array(60).fill(0.5), new Float32Array(30).fill(1)];
  const seen: ArrayBufferLike[] = [];
  const note = (value: unknown): void => {
    if (ArrayBuffer.isView(value)) seen.push(value.buffer);
    else if (value instanceof Map) value.forEach(note);
    else if (typeof value === "object" && value !== null) Object.values(value).forEach(note);
  };
  const { history } = await model.fit(x, y, {
    batchSize: 5,
    callbacks: [{ observeEvery: 1, onObservation: note }],
  });
  [
    history,
    model.predict(x),
    model.getWeights(),
    model.gradients(x, y),
    model.toBytes({ includeOptimizer: true }),
  ].forEach(note);
  expect(seen.length).toBeGreaterThan(8);
  for (const buffer of seen) expect(buffer).toBeInstanceOf(ArrayBuffer);
});
