// Files of Keras that somebody has damaged, or made to do damage: the bytes, the fields of the containers, or what is said in them.

import { type Model, type Predictions } from "../../src/index.js";
import { loadKeras } from "../../src/keras/index.js";
import { END_FIELDS, HEADER_FIELDS, LOCAL_FIELDS, type ZipDraft, zipOf } from "../formats/zipFile.js";
import { readZip, unzip } from "../../src/formats/zip.js";
import { KERAS_FILES, kerasFile } from "./files.js";

/** Where the numbers that a file is made of come from. */
export interface Numbers {
  /** A whole number from 0, less than `end`. */
  below(end: number): number;
}

const archives = KERAS_FILES.filter((name) => name.endsWith(".keras"));
const wholes = KERAS_FILES.filter((name) => name.endsWith(".h5"));
const others = ["layouts.h5", "layouts-latest.h5", "small.weights.h5"];
const h5Files = [...wholes, ...others].map(kerasFile);

interface Archive {
  readonly config: unknown;
  readonly metadata: Uint8Array;
  readonly weights: Uint8Array;
}

const opened: readonly Archive[] = await Promise.all(
  archives.map(async (name) => {
    const entries = readZip(kerasFile(name), 1e7);
    const part = (file: string) => unzip(entries.get(file)!);
    const config: unknown = JSON.parse(new TextDecoder().decode(await part("config.json")));
    return { config, metadata: await part("metadata.json"), weights: await part("model.weights.h5") };
  }),
);

function pick<T>(random: Numbers, list: readonly T[]): T {
  return list[random.below(list.length)]!;
}

// ── HDF5 ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const SIGNATURES = ["TREE", "SNOD", "HEAP", "GCOL", "OHDR", "\x89HDF"];

/** Where blocks begin, and what points to them: most of what is worth changing. */
function landmarks(bytes: Uint8Array): { blocks: number[]; pointers: number[] } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks: number[] = [];
  for (const signature of SIGNATURES) {
    for (let at = buffer.indexOf(signature, 0, "latin1"); at >= 0; at = buffer.indexOf(signature, at + 1, "latin1")) {
      blocks.push(at);
    }
  }
  const pointers: number[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const value = buffer.readUInt32LE(at + 4) === 0 ? buffer.readUInt32LE(at) : 0;
    if (value >= 96 && value < bytes.length && value % 8 === 0) pointers.push(at);
  }
  // Headers of version 1 have no signature; what points to one does.
  const headers = pointers.map((at) => buffer.readUInt32LE(at)).filter((at) => bytes[at] === 1 && bytes[at + 1] === 0);
  return { blocks: [...blocks, ...headers], pointers };
}

const known = new Map<Uint8Array, ReturnType<typeof landmarks>>();

function landmarksOf(bytes: Uint8Array): ReturnType<typeof landmarks> {
  const found = known.get(bytes) ?? landmarks(bytes);
  known.set(bytes, found);
  return found;
}

const WORDS = [0, 1, 2, 3, 4, 7, 8, 16, 255, 256, 65535, 2 ** 31, 2 ** 32 - 1];

/** With one to four fields changed; of the same length, so that addresses stay. */
export function damagedHdf5(original: Uint8Array, random: Numbers): Uint8Array {
  const { blocks, pointers } = landmarksOf(original);
  const bytes = original.slice();
  const view = Buffer.from(bytes.buffer);
  for (let edits = 1 + random.below(4); edits > 0; edits--) {
    // In the first bytes of a block, where all its fields are; or anywhere.
    const at = random.below(4) > 0 ? pick(random, blocks) + random.below(96) : random.below(bytes.length - 8);
    if (at + 8 > bytes.length) continue;
    switch (random.below(7)) {
      case 0:
        bytes[at] = random.below(256);
        break;
      case 1:
        bytes[at] = bytes[at]! ^ (1 << random.below(8));
        break;
      case 2:
        view.writeUInt16LE(random.below(65536), at & ~1);
        break;
      case 3:
        view.writeUInt32LE(pick(random, WORDS), at & ~3);
        break;
      case 4:
        bytes.fill(pick(random, [0, 255]), at, at + 8);
        break;
      case 5: {
        // To another block, of the right kind or not: circles are made so.
        const target = random.below(2) === 0 ? pick(random, blocks) : view.readUInt32LE(pick(random, pointers));
        const pointer = random.below(3) === 0 ? at & ~7 : pick(random, pointers);
        view.writeBigUInt64LE(BigInt(target), pointer);
        break;
      }
      default:
        bytes.copyWithin(at, pick(random, blocks), pick(random, blocks) + random.below(48));
    }
  }
  return random.below(12) === 0 ? bytes.slice(0, random.below(bytes.length)) : bytes;
}

// ── JSON ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const VALUES: readonly unknown[] = [
  null, true, false, 0, 1, -1, 3, 0.5, 1e9, 2 ** 53, "", "relu", "Dense", "Sequential", "dense", "__proto__", [], {}, [[]], [null, 4], [null, 1e9],
]; // prettier-ignore

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function placesOf(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesOf(holder[key])]);
}

function damagedConfig(config: unknown, random: Numbers): unknown {
  const copy = structuredClone(config);
  for (let edits = random.below(3); edits > 0; edits--) {
    const places = placesOf(copy);
    if (places.length === 0) break;
    const { holder, key } = pick(random, places);
    const other = pick(random, places);
    const choice = random.below(5);
    if (choice === 0) holder[key] = structuredClone(pick(random, VALUES));
    else if (choice === 1) holder[key] = structuredClone(other.holder[other.key]);
    else if (choice === 2 && typeof holder[key] === "number") holder[key] = (holder[key] as number) + 1;
    else if (choice === 3 && !Array.isArray(holder)) Reflect.deleteProperty(holder, key);
    else if (Array.isArray(holder[key])) (holder[key] as unknown[]).reverse();
  }
  return copy;
}

// ── Archives ────────────────────────────────────────────────────────────────────────────────────────────────────────

const NAMES = ["metadata.json", "config.json", "model.weights.h5", "../config.json", "a/", "", "assets/x"];

function damagedArchive({ config, metadata, weights }: Archive, random: Numbers): Uint8Array {
  const json = JSON.stringify(damagedConfig(config, random));
  const parts: ZipDraft[] = [
    { name: "metadata.json", bytes: random.below(20) === 0 ? Buffer.from(String(random.below(99))) : metadata },
    {
      name: "config.json",
      bytes: Buffer.from(random.below(20) === 0 ? json.slice(0, random.below(json.length)) : json),
    },
    { name: "model.weights.h5", bytes: random.below(3) > 0 ? damagedHdf5(weights, random) : weights },
  ];
  const drafts = parts.map((draft): ZipDraft => {
    const deflate = random.below(8) === 0;
    if (random.below(12) > 0) return { ...draft, deflate };
    const value = random.below(3) === 0 ? pick(random, WORDS) : random.below(200);
    const field = { [pick(random, HEADER_FIELDS)]: value };
    switch (random.below(3)) {
      case 0:
        return { ...draft, deflate, header: field };
      case 1:
        return { ...draft, deflate, local: { [pick(random, LOCAL_FIELDS)]: value } };
      default:
        return { ...draft, deflate, name: pick(random, NAMES) };
    }
  });
  const end = random.below(20) === 0 ? { [pick(random, END_FIELDS)]: pick(random, WORDS) } : {};
  return zipOf(drafts, end);
}

// ── All ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Cut, shortened or spliced. */
function torn(bytes: Uint8Array, random: Numbers): Uint8Array {
  const at = random.below(bytes.length);
  const rest = [bytes.slice(at + random.below(40)), pick(random, h5Files).slice(random.below(4000)), new Uint8Array()];
  return new Uint8Array(Buffer.concat([bytes.slice(0, at), pick(random, rest)]));
}

/** A file that is good, bad, or hostile. */
export function damagedKerasFile(random: Numbers): Uint8Array {
  const file =
    random.below(2) === 0 ? damagedArchive(pick(random, opened), random) : damagedHdf5(pick(random, h5Files), random);
  return random.below(25) === 0 ? torn(file, random) : file;
}

/** Loads it, and predicts; what is loaded must be of use. */
export async function readKeras(bytes: Uint8Array): Promise<string> {
  const model = (await loadKeras<Predictions>(bytes, { seed: 1 })) as unknown as Model;
  const widths = model.inputs.map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  if (widths.every((size) => size < 10_000)) {
    const rows = widths.map((size) => new Float32Array(size));
    model.predict((rows.length === 1 ? rows[0]! : rows) as Float32Array);
  }
  return "a model";
}
