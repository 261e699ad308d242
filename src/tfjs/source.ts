// Where a model of TensorFlow.js comes from: files by name, a path, an address, or what it has in memory.

import { show } from "../check.js";
import { ConfigError, ModelFormatError } from "../errors.js";
import { parseJson } from "../formats/json.js";
import { shownName } from "../io/foreign.js";
import { isObject, type Json, own } from "../keras/config.js";
import { besideOf, type ByteSource, readBytes } from "../runtime/files.js";
import { badJson, badWeights, Pieces, weightSpecs, type WeightSpec } from "./weights.js";

/** Bytes of one file. */
export type TfjsFile = Uint8Array | ArrayBuffer | Blob;
/** Files by their names, as `toTfjs` returns them; or a list of `File`, as a page has it of an input. */
export type TfjsFiles = Readonly<Record<string, TfjsFile>> | ArrayLike<Blob & { readonly name: string }>;

/** What `model.save(tf.io.withSaveHandler(…))` of TensorFlow.js gives. */
export interface TfjsArtifacts {
  readonly modelTopology?: unknown;
  readonly weightSpecs?: readonly unknown[];
  readonly weightData?: ArrayBuffer | readonly ArrayBuffer[];
  readonly format?: string;
}

export type TfjsSource = ByteSource | TfjsFiles | TfjsArtifacts;

/** A model as all sources give it. */
export interface Loaded {
  /** model.json, or what has its keys. */
  readonly json: Json;
  readonly specs: readonly WeightSpec[];
  readonly pieces: Pieces;
}

const LIMITS = { mostBytes: 2 ** 26, mostDepth: 200, code: "tfjs/bad-json", what: "model.json" } as const;
const MOST_SHARDS = 100_000;

type ReadShard = (name: string, mostBytes: number) => Promise<Uint8Array>;

/** @param weights Files of weights, where the source is model.json alone. */
export async function loaded(source: TfjsSource, weights: TfjsFiles | undefined): Promise<Loaded> {
  if (isArtifacts(source)) return ofArtifacts(source);
  const files = filesOf(source);
  if (files) {
    const json = [...files.keys()].filter((name) => name.endsWith(".json"));
    const name = files.has("model.json") ? "model.json" : json.length === 1 ? json[0]! : undefined;
    if (name === undefined) throw badJson(`there is none among the ${files.size} files given`);
    return ofJson(await readBytes(files.get(name)!), among(files));
  }
  const given = weights === undefined ? undefined : filesOf(weights);
  if (weights !== undefined && !given) {
    throw new ConfigError(
      "config/not-options",
      `weights must be files by their names, or a list of File; got ${show(weights)}.`,
    );
  }
  const bytes = await readBytes(source as ByteSource);
  if (given) return ofJson(bytes, among(given));
  const isPlace = typeof source === "string" || source instanceof URL;
  return ofJson(bytes, isPlace ? await besideOf(source) : among(new Map()));
}

/** Files as a page or `toTfjs` gives them; undefined for another kind of source. */
function filesOf(source: unknown): Map<string, TfjsFile> | undefined {
  if (typeof source !== "object" || source === null || ArrayBuffer.isView(source)) return undefined;
  const tag = Object.prototype.toString.call(source);
  if (tag === "[object Array]" || tag === "[object FileList]") {
    const list = Array.from(source as ArrayLike<Blob & { name: string }>);
    if (list.every((file) => typeof file?.name === "string")) return new Map(list.map((file) => [file.name, file]));
    return undefined;
  }
  const prototype = Object.getPrototypeOf(source) as unknown;
  if (prototype !== Object.prototype && prototype !== null) return undefined;
  return new Map(Object.entries(source as Record<string, TfjsFile>));
}

/** By its path in the manifest, or by its name alone: pages know no folders. */
function among(files: ReadonlyMap<string, TfjsFile>): ReadShard {
  return async (path) => {
    const file = files.get(path) ?? files.get(path.split("/").at(-1)!);
    if (file) return readBytes(file);
    throw new ModelFormatError(
      "tfjs/missing-shard",
      `model.json names the file ${shownName(path)}, which is not given. Pass it too: loadTfjs(json, { weights: { ${JSON.stringify(path.slice(0, 60))}: bytes } }).`,
    );
  };
}

async function ofJson(bytes: Uint8Array, read: ReadShard): Promise<Loaded> {
  const json = parseJson(bytes, LIMITS);
  if (!isObject(json)) throw badJson(`it is ${show(json)}`);
  const groups = listOf(own(json, "weightsManifest") ?? [], "weightsManifest");
  const entries: unknown[] = [];
  const paths: string[] = [];
  for (const group of groups) {
    if (!isObject(group)) throw badJson(`a group of its weightsManifest is ${show(group)}`);
    for (const entry of listOf(own(group, "weights"), "weights of a group")) entries.push(entry);
    for (const path of listOf(own(group, "paths"), "paths of a group")) {
      if (typeof path !== "string") throw badJson(`a path of its weightsManifest is ${show(path)}`);
      paths.push(path);
    }
  }
  if (paths.length > MOST_SHARDS) throw badJson(`it names ${paths.length} files; up to ${MOST_SHARDS} are read`);
  if (new Set(paths).size < paths.length) throw badJson("it names a file of weights twice");
  const { specs, bytes: needed } = weightSpecs(entries);
  const pieces: Uint8Array[] = [];
  let left = needed;
  for (const path of paths) {
    const piece = await read(path, left);
    left -= piece.length;
    if (left < 0) break;
    pieces.push(piece);
  }
  if (left !== 0)
    throw badWeights(`its files have ${left < 0 ? "more" : "fewer"} bytes than the ${needed} of its list`);
  return { json, specs, pieces: new Pieces(pieces) };
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw badJson(`its ${what} is ${show(value)}, expected a list`);
}

function isArtifacts(source: unknown): source is TfjsArtifacts {
  return isObject(source) && Object.hasOwn(source, "modelTopology") && !(source instanceof URL);
}

function ofArtifacts(artifacts: TfjsArtifacts): Loaded {
  const { weightData = [] } = artifacts;
  const list: readonly unknown[] = Array.isArray(weightData) ? weightData : [weightData];
  const views = list.map((piece) => {
    if (ArrayBuffer.isView(piece)) return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
    if (Object.prototype.toString.call(piece) === "[object ArrayBuffer]") return new Uint8Array(piece as ArrayBuffer);
    throw badWeights(`weightData is ${show(piece)}, expected an ArrayBuffer or a list of them`);
  });
  const pieces = new Pieces(views);
  const { specs, bytes } = weightSpecs(listOf(artifacts.weightSpecs ?? [], "weightSpecs"));
  if (pieces.length !== bytes) throw badWeights(`they are ${pieces.length} bytes, and their list takes ${bytes}`);
  return { json: artifacts as Json, specs, pieces };
}
