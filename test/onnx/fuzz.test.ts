// Files that somebody has damaged, or made to do damage: a model, or an error of ours; in bounded time.
// LANEWISE_FUZZ=50000 makes so many of each kind and prints what they took; LANEWISE_FUZZ_SEED=2 makes others.

import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LanewiseError, ModelFormatError, UnsupportedError } from "../../src/errors.js";
import { type Draft, decode, encode } from "../../src/formats/protobuf.js";
import { type SafetensorsFile, readSafetensors, writeSafetensors } from "../../src/formats/safetensors.js";
import { loadOnnx } from "../../src/onnx/index.js";
import { MODEL } from "../../src/onnx/schema.js";
import { loadTorchWeights, toTorch } from "../../src/torch/index.js";
import { build, network } from "../interop/networks.js";

const RUNS = Number(process.env.LANEWISE_FUZZ ?? 2000);
const SEED = Number(process.env.LANEWISE_FUZZ_SEED ?? 1);
/** Most of what one file may take, the faster of two times where one is long: a shared machine pauses. */
const MOST_MS = 1000;
const LONG_MS = 100;

const onnxFiles = readdirSync(new URL("samples/", import.meta.url))
  .filter((name) => name.endsWith(".onnx"))
  .map((name) => new Uint8Array(readFileSync(new URL(`samples/${name}`, import.meta.url))));
const torchFiles = ["sequential", "named", "f16"].map(
  (name) => new Uint8Array(readFileSync(new URL(`../torch/samples/${name}.safetensors`, import.meta.url))),
);

// ── Of the bytes ────────────────────────────────────────────────────────────────────────────────────────────────────

type ByteEdit = (bytes: Uint8Array, at: number, value: number, other: Uint8Array) => Uint8Array;

const BYTE_EDITS: readonly ByteEdit[] = [
  (bytes, at, value) => bytes.with(at % bytes.length, value & 255),
  (bytes, at) => bytes.slice(0, at % bytes.length),
  (bytes, at, value) => concat(bytes.slice(0, at % bytes.length), bytes.slice((at % bytes.length) + (value % 40))),
  (bytes, at, value, other) => concat(bytes.slice(0, at % bytes.length), other.slice(value % other.length)),
  (bytes, at, value) =>
    concat(bytes.slice(0, at % bytes.length), Uint8Array.of(value & 255), bytes.slice(at % bytes.length)),
  // Where a length stands it becomes up to 2^64.
  (bytes, at, value) =>
    concat(
      bytes.slice(0, at % bytes.length),
      new Uint8Array(value % 11).fill(0xff),
      Uint8Array.of(value & 127),
      bytes.slice((at % bytes.length) + 1),
    ),
  (bytes, at, value) =>
    concat(
      bytes.slice(0, at % bytes.length),
      bytes.slice(at % bytes.length, (at % bytes.length) + (value % 200)),
      bytes.slice(at % bytes.length),
    ),
];

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

// ── Of what they mean ───────────────────────────────────────────────────────────────────────────────────────────────

const INTS = [
  0n,
  1n,
  -1n,
  2n,
  3n,
  6n,
  7n,
  12n,
  17n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  -(2n ** 63n),
];
const TEXTS = [
  "",
  "x",
  "y",
  "__proto__",
  "constructor",
  "Gemm",
  "MatMul",
  "Add",
  "Mul",
  "Div",
  "Identity",
  "Constant",
  "Reshape",
  "Concat",
  "PRelu",
  "BatchNormalization",
  "LayerNormalization",
  "Softmax",
  "Clip",
  "Dropout",
  "Conv",
  "axis",
  "alpha",
  "a/b",
  "…".repeat(100),
];
const NUMBERS = [0, -0, 1, -1, 6, 1e-45, 3e38, NaN, Infinity];

/** Every place in a message that holds a value: what it is in, and under which key. */
function places(value: unknown): [Record<string, unknown>, string][] {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [];
  return Object.entries(value).flatMap(
    ([key, inner]) =>
      [[value as Record<string, unknown>, key], ...places(inner)] as [Record<string, unknown>, string][],
  );
}

/** Puts something else of its kind into one place. */
function edited<T>(message: T, at: number, value: number): T {
  const copy = structuredClone(message);
  const all = places(copy).filter(([holder, key]) => holder[key] !== undefined);
  const [holder, key] = all[at % all.length]!;
  const old = holder[key];
  const others = all.map(([holder, key]) => holder[key]).filter((other) => typeof other === typeof old);
  if (value % 3 === 0)
    holder[key] = structuredClone(others[(value >> 2) % others.length]); // from another place; maybe of another kind
  else if (typeof old === "bigint") holder[key] = INTS[(value >> 2) % INTS.length];
  else if (typeof old === "string") holder[key] = TEXTS[(value >> 2) % TEXTS.length];
  else if (typeof old === "number") holder[key] = NUMBERS[(value >> 2) % NUMBERS.length];
  else if (Array.isArray(old))
    holder[key] = [...old.slice((value >> 2) % (old.length + 1)), ...old.slice(0, (value >> 4) % (old.length + 1))];
  else if (ArrayBuffer.isView(old))
    holder[key] = (old as Uint8Array).slice(0, (value >> 2) % ((old as Uint8Array).length + 1));
  else delete holder[key];
  return copy;
}

const edit = fc.record({ at: fc.nat(), value: fc.nat(), how: fc.nat(BYTE_EDITS.length - 1) });
const plan = fc.record({
  file: fc.nat(),
  other: fc.nat(),
  meaning: fc.array(edit, { maxLength: 4 }),
  bytes: fc.array(edit, { maxLength: 1 }),
});

interface Tally {
  readonly outcomes: Map<string, number>;
  worst: number;
}

/** Calls `read` with each file, and notes how it ended. */
async function fuzz(
  make: (plan: Plan) => Uint8Array,
  read: (bytes: Uint8Array) => Promise<string>,
  allowed: (error: unknown) => boolean,
): Promise<Tally> {
  const tally: Tally = { outcomes: new Map(), worst: 0 };
  const note = (outcome: string) => tally.outcomes.set(outcome, (tally.outcomes.get(outcome) ?? 0) + 1);
  const began = performance.now();
  await fc.assert(
    fc.asyncProperty(plan, async (chosen) => {
      const bytes = make(chosen);
      const took = async () => {
        const start = performance.now();
        const outcome = await read(bytes).catch((error: unknown) => {
          if (!allowed(error)) throw error;
          return (error as LanewiseError).code;
        });
        return { outcome, ms: performance.now() - start };
      };
      const { outcome, ms } = await took();
      note(outcome);
      tally.worst = Math.max(tally.worst, ms < LONG_MS ? ms : Math.min(ms, (await took()).ms));
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: true },
  );
  if (process.env.LANEWISE_FUZZ) {
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(
      `${RUNS} files in ${seconds} s, worst ${tally.worst.toFixed(1)} ms`,
      Object.fromEntries(tally.outcomes),
    );
  }
  expect(tally.worst).toBeLessThan(MOST_MS);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  return tally;
}

interface Edit {
  readonly at: number;
  readonly value: number;
  readonly how: number;
}
interface Plan {
  readonly file: number;
  readonly other: number;
  readonly meaning: readonly Edit[];
  readonly bytes: readonly Edit[];
}

const ofTheirs = (error: unknown) => error instanceof ModelFormatError || error instanceof UnsupportedError;
const TIMEOUT = 120_000 + RUNS * 20;

function damaged(bytes: Uint8Array, edits: readonly Edit[], other: Uint8Array): Uint8Array {
  return edits.reduce(
    (file, { at, value, how }) => (file.length === 0 ? file : BYTE_EDITS[how]!(file, at, value, other)),
    bytes,
  );
}

test("ONNX: a model, or that the file is damaged or not supported", { timeout: TIMEOUT }, async () => {
  const messages = onnxFiles.map((bytes) => decode(MODEL, bytes));
  const make = ({ file, other, meaning, bytes }: Plan) => {
    const message = meaning.reduce(
      (message, { at, value }) => edited(message, at, value),
      messages[file % messages.length]!,
    );
    return damaged(encoded(message), bytes, onnxFiles[other % onnxFiles.length]!);
  };
  /** What has become no message at all is left as it was. */
  function encoded(message: unknown): Uint8Array {
    try {
      return encode(MODEL, message as Draft<typeof MODEL>);
    } catch {
      return onnxFiles[0]!;
    }
  }
  const read = async (bytes: Uint8Array) => {
    const model = await loadOnnx(bytes, { seed: 1 });
    const width = model.inputs.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
    if (width.every((size) => size < 10_000)) {
      model.predict(model.inputs.length === 1 ? new Float32Array(width[0]!) : width.map((n) => new Float32Array(n)));
    }
    return "a model";
  };
  const { outcomes } = await fuzz(make, read, ofTheirs);
  // It reaches past the first checks, and does not stop at them either.
  expect(outcomes.get("a model")).toBeGreaterThan(RUNS / 50);
  expect(outcomes.size).toBeGreaterThan(12);
});

test(
  "safetensors of PyTorch: the weights, or an error of ours and the model as it was",
  { timeout: TIMEOUT },
  async () => {
    const files: SafetensorsFile[] = torchFiles.map((bytes) => readSafetensors(bytes));
    const model = await build(network());
    const before = toTorch(model);
    const make = ({ file, other, meaning, bytes }: Plan) => {
      const { tensors } = files[file % files.length]!;
      const list = meaning.reduce((list, { at, value }) => edited(list, at, value), [...tensors]);
      return damaged(written(list, file), bytes, torchFiles[other % torchFiles.length]!);
    };
    function written(list: readonly unknown[], file: number): Uint8Array {
      try {
        return writeSafetensors(list as Parameters<typeof writeSafetensors>[0], {});
      } catch {
        return torchFiles[file % torchFiles.length]!;
      }
    }
    const read = async (bytes: Uint8Array) => {
      try {
        await loadTorchWeights(model, bytes);
      } catch (error) {
        expect(Buffer.compare(toTorch(model), before)).toBe(0);
        throw error;
      }
      await loadTorchWeights(model, before);
      return "weights";
    };
    const { outcomes } = await fuzz(make, read, (error) => error instanceof LanewiseError);
    expect(outcomes.get("weights")).toBeGreaterThan(0);
    expect(outcomes.size).toBeGreaterThan(10);
  },
);
