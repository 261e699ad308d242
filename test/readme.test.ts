import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import ts from "typescript";

const root = new URL("../", import.meta.url);
const readme = readFileSync(new URL("README.md", root), "utf8");
const example = /```ts\n(.*?)```/s.exec(readme)![1]!;

/** An IDX file of bytes: two zeros, the type, the number of sizes, the sizes, the data. */
function idx(shape: readonly number[], data: readonly number[]): Uint8Array {
  const sizes = shape.flatMap((size) => [size >>> 24, size >>> 16, size >>> 8, size].map((byte) => byte & 255));
  return Uint8Array.from([0, 0, 8, shape.length, ...sizes, ...data]);
}

describe("the README's example", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "lanewise-readme-"));
    for (const [part, rows] of [
      ["train", 100],
      ["t10k", 20],
    ] as const) {
      const labels = Array.from({ length: rows }, (_, i) => i % 10);
      const pixels = labels.flatMap((label) => Array.from({ length: 784 }, (_, j) => (j % 10 === label ? 255 : 0)));
      writeFileSync(join(folder, `${part}-images-idx3-ubyte`), idx([rows, 28, 28], pixels));
      writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), idx([rows], labels));
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("runs as it stands, on a folder of images", async () => {
    const library = (path: string) => JSON.stringify(new URL(`build/src/${path}index.js`, root).href);
    const code = example
      .replace('from "lanewise"', `from ${library("")}`)
      .replace('from "lanewise/data"', `from ${library("data/")}`)
      .replaceAll('"mnist', JSON.stringify(`${folder}/`).slice(0, -1))
      .replace("epochs: 10", "epochs: 3");
    const file = join(folder, "example.mjs");
    writeFileSync(file, `${transpile(code)}\nexport { history, model, same, test };\n`);
    const run = (await import(pathToFileURL(file).href)) as Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any
    expect(run.history.history.val_accuracy).toHaveLength(3);
    expect(run.history.stopReason).toBe("completed");
    expect(run.model.predict(run.test.x).shape).toEqual([20, 10]);
    expect(run.same.predict(run.test.x)).toEqual(run.model.predict(run.test.x));
  });
});

test("the graph runs as it stands", async () => {
  const [, graph] = [...readme.matchAll(/```ts\n(.*?)```/gs)];
  const folder = mkdtempSync(join(tmpdir(), "lanewise-readme-"));
  try {
    const code = graph![1]!.replace(
      'from "lanewise"',
      `from ${JSON.stringify(new URL("build/src/index.js", root).href)}`,
    );
    const file = join(folder, "graph.mjs");
    writeFileSync(file, `${transpile(code)}\nexport const digit = net.predict(new Float32Array(64)).digit.data;\n`);
    expect(((await import(pathToFileURL(file).href)) as { digit: Float32Array }).digit).toHaveLength(10);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function transpile(code: string): string {
  const { ESNext } = ts.ModuleKind;
  return ts.transpileModule(code, { compilerOptions: { module: ESNext, target: ts.ScriptTarget.ES2022 } }).outputText;
}
