import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import ts from "typescript";

const root = new URL("../", import.meta.url);
const readme = readFileSync(new URL("README.md", root), "utf8");
const example = /```ts\n(.*?)```/s.exec(readme)![1]!;

const library = JSON.stringify(new URL("build/src/index.js", root).href);

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
    const data = JSON.stringify(new URL("build/src/data/index.js", root).href);
    const code = example
      .replace('from "lanewise"', `from ${library}`)
      .replace('from "lanewise/data"', `from ${data}`)
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

/** The block of code that holds `mark`, run with `before` and `after` around it; what it then exports. */
async function run(mark: string, before: string, after: string): Promise<Record<string, unknown>> {
  const block = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code!).find((code) => code.includes(mark));
  const folder = mkdtempSync(join(tmpdir(), "lanewise-readme-"));
  try {
    const file = join(folder, "block.mjs");
    writeFileSync(file, transpile(`${before}\n${block!.replace('from "lanewise"', `from ${library}`)}\n${after}`));
    return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("the graph runs as it stands", async () => {
  const { digit } = await run("net.predict", "", "export const digit = net.predict(new Float32Array(64)).digit.data;");
  expect(digit).toHaveLength(10);
});

test("the stream runs as it stands", async () => {
  const before = `
    import { dense, sequential, sgd } from ${library};
    const model = await sequential({ inputShape: 2, layers: [dense(1)], seed: 1 });
    model.compile({ optimizer: sgd({ learningRate: 0.1 }), loss: "meanSquaredError" });
    const files = [3, 5];
    const readChunk = async (rows) => ({ x: new Float32Array(rows * 2).fill(1), y: new Float32Array(rows).fill(1) });
    const [xTest, yTest] = [Float32Array.of(1, 1), Float32Array.of(1)];`;
  const after = "export const { loss } = await model.evaluate(xTest, yTest);";
  const { loss } = await run("chunks()", before, after);
  expect(loss).toBeLessThan(1);
});

function transpile(code: string): string {
  const { ESNext } = ts.ModuleKind;
  return ts.transpileModule(code, { compilerOptions: { module: ESNext, target: ts.ScriptTarget.ES2022 } }).outputText;
}
