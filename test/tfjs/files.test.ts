import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LanewiseError } from "../../src/errors.js";
import { dense, sequential } from "../../src/index.js";
import { loadTfjs, saveTfjs, toTfjs, type TfjsSource } from "../../src/tfjs/index.js";
import { filesOf, type Files, sample } from "./samples.js";

const given = sample("trained");
const files = filesOf(given, 3);
const SHARD = "group1-shard2of3.bin";
let folder: string;
let server: Server;
let address: string;
const asked: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lanewise-tfjs-"));
  server = createServer((request, response) => {
    asked.push(request.url!);
    const name = new URL(request.url!, "http://x").pathname.replace("/models/a/", "");
    const file = Object.hasOwn(files, name) ? files[name] : undefined;
    response.writeHead(file ? 200 : 404).end(file);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/models/a/model.json`;
});

afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

/** Writes files into a folder of their own; its path. */
async function written(name: string, given: Files): Promise<string> {
  const place = join(folder, name);
  for (const [file, bytes] of Object.entries(given)) {
    await mkdir(join(place, file, ".."), { recursive: true });
    await writeFile(join(place, file), bytes);
  }
  return place;
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LanewiseError);
  return (error as LanewiseError).code;
}

/** model.json with other paths of its shards. */
function withPaths(paths: unknown[], from: Files = files): Files {
  const json = JSON.parse(new TextDecoder().decode(from["model.json"])) as { weightsManifest: { paths: unknown[] }[] };
  json.weightsManifest[0]!.paths = paths;
  return { ...from, "model.json": new TextEncoder().encode(JSON.stringify(json)) };
}

describe("from wherever it comes, it is the same model", () => {
  const blobs = () => Object.entries(files).map(([name, bytes]) => new File([bytes.slice()], name));
  const pieces = [given.weightData.slice(0, 10), given.weightData.slice(10)];
  const SOURCES: [string, () => Promise<[TfjsSource, object?]>][] = [
    ["a path", async () => [join(await written("path", files), "model.json")]],
    ["a file: URL", async () => [pathToFileURL(join(await written("url", files), "model.json"))]],
    ["an address", () => Promise.resolve([address])],
    ["an address with a query", () => Promise.resolve([`${address}?key=1`])],
    ["files by name", () => Promise.resolve([files])],
    ["a list of File", () => Promise.resolve([blobs()])],
    ["bytes and weights", () => Promise.resolve([files["model.json"]!, { weights: files }])],
    ["a File and a list of File", () => Promise.resolve([blobs()[0]!, { weights: blobs() }])],
    ["artifacts", () => Promise.resolve([given])],
    ["artifacts in pieces", () => Promise.resolve([{ ...given, weightData: pieces }])],
  ];
  test.each(SOURCES)("%s", async (_, source) => {
    const [from, options] = await source();
    const expected = (await loadTfjs(filesOf(given))).getWeights();
    expect([...(await loadTfjs(from, options)).getWeights()]).toEqual([...expected]);
  });
  test("the right to read goes along to the shards", () => {
    expect(asked).toContain(`/models/a/${SHARD}?key=1`);
  });
  test("shards in a folder below, and File by their names alone", async () => {
    const below = withPaths(
      Object.keys(files)
        .slice(1)
        .map((name) => `weights/${name}`),
    );
    const { "model.json": json, ...shards } = below;
    const moved = Object.fromEntries(Object.entries(shards).map(([name, bytes]) => [`weights/${name}`, bytes]));
    await loadTfjs(join(await written("below", { "model.json": json!, ...moved }), "model.json"));
    await loadTfjs(below);
  });
});

describe("never outside of its folder", () => {
  const LEADING_OUT = [
    "../secret.bin",
    "a/../../secret.bin",
    "./secret.bin",
    "/etc/passwd",
    "a//b",
    "",
    "..",
    "weights/../group1-shard1of3.bin",
    "..\\secret.bin",
    "C:secret.bin",
    "file:///etc/passwd",
    "http://127.0.0.1:1/secret.bin",
    "//127.0.0.1/secret.bin",
    "a\0b",
    "x".repeat(2000),
  ];
  test.each(LEADING_OUT)("%j", async (path) => {
    const bad = withPaths([path]);
    await writeFile(join(folder, "secret.bin"), new Uint8Array(given.weightData));
    expect(await codeOf(loadTfjs(join(await written("out", bad), "model.json")))).toBe("files/outside");
    const before = asked.length;
    files["evil.json"] = bad["model.json"]!;
    try {
      expect(await codeOf(loadTfjs(address.replace("model.json", "evil.json")))).toBe("files/outside");
    } finally {
      delete files["evil.json"];
    }
    expect(asked.length).toBe(before + 1);
  });
  test("what an address makes of a name is the name", async () => {
    const bad = withPaths(["%2e%2e/secret.bin?x#y"]);
    files["evil.json"] = bad["model.json"]!;
    expect(await codeOf(loadTfjs(address.replace("model.json", "evil.json")))).toBe("files/not-found");
    delete files["evil.json"];
    expect(asked.at(-1)).toBe("/models/a/%252e%252e/secret.bin%3Fx%23y");
  });
  test("a link that leads out, a folder, a pipe, a file that is too large", async () => {
    const place = await written("links", files);
    await rm(join(place, SHARD));
    await writeFile(join(folder, "outer.bin"), files[SHARD]!);
    await symlink("../outer.bin", join(place, SHARD));
    expect(await codeOf(loadTfjs(join(place, "model.json")))).toBe("files/outside");
    await rm(join(place, SHARD));
    await mkdir(join(place, SHARD));
    expect(await codeOf(loadTfjs(join(place, "model.json")))).toBe("files/outside");
    await rm(join(place, SHARD), { recursive: true });
    if (spawnSync("mkfifo", [join(place, SHARD)]).status === 0) {
      expect(await codeOf(loadTfjs(join(place, "model.json")))).toBe("files/outside");
      await rm(join(place, SHARD));
    }
    expect(await codeOf(loadTfjs(join(place, "model.json")))).toBe("files/not-found");
    await writeFile(join(place, SHARD), new Uint8Array(given.weightData.byteLength + 1));
    expect(await codeOf(loadTfjs(join(place, "model.json")))).toBe("files/too-large");
  });
  test("a link within the folder is followed, and the folder may be one", async () => {
    const place = await written("inner", files);
    await writeFile(join(place, "other.bin"), files[SHARD]!);
    await rm(join(place, SHARD));
    await symlink("other.bin", join(place, SHARD));
    await symlink("inner", join(folder, "alias"));
    await loadTfjs(join(folder, "alias", "model.json"));
  });
});

test("what is not given is missed by name", async () => {
  const { [SHARD]: _, ...rest } = files;
  await expect(loadTfjs(rest)).rejects.toMatchObject({
    code: "tfjs/missing-shard",
    message: expect.stringContaining(SHARD) as string,
  });
  expect(await codeOf(loadTfjs(files["model.json"]!))).toBe("tfjs/missing-shard");
  const { "model.json": __, ...shards } = files;
  expect(await codeOf(loadTfjs(shards))).toBe("tfjs/bad-json");
  expect(await codeOf(loadTfjs(files["model.json"]!, { weights: 3 as never }))).toBe("config/not-options");
  expect(await codeOf(loadTfjs(3 as never))).toBe("files/bad-source");
  expect(await codeOf(loadTfjs([3] as never))).toBe("files/bad-source");
  expect(await codeOf(loadTfjs("data:application/json,{}"))).toBe("tfjs/not-tfjs");
});

test("saveTfjs writes files whole into a folder that it makes", async () => {
  const model = await sequential({ inputShape: 3, layers: [dense(2)], seed: 1 });
  const place = join(folder, "new", "model");
  await saveTfjs(model, place);
  expect((await readdir(place)).sort()).toEqual(["group1-shard1of1.bin", "model.json"]);
  for (const [name, bytes] of Object.entries(toTfjs(model))) {
    expect(new Uint8Array(await readFile(join(place, name)))).toEqual(bytes);
  }
  const back = await loadTfjs(join(place, "model.json"));
  expect([...back.getWeights()]).toEqual([...model.getWeights()]);
  await saveTfjs(model, pathToFileURL(join(folder, "url-of-folder")));
  await loadTfjs(join(folder, "url-of-folder", "model.json"));
});
