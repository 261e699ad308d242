// Every example runs: those of docstrings, and the programs of the docs' pages.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { functionsOf } from "../../docs/generate/api.js";
import { docstringExamples, type Example, pageProgram } from "../../docs/generate/examples.js";
import { FAMILIES } from "../../docs/generate/families.js";
import { MODULES, ROOT, readSource } from "../../docs/generate/source.js";
import * as data from "../../src/data/index.js";
import * as lanewise from "../../src/index.js";
import * as keras from "../../src/keras/index.js";
import * as onnx from "../../src/onnx/index.js";
import * as predict from "../../src/predict/index.js";
import * as tfjs from "../../src/tfjs/index.js";
import * as torch from "../../src/torch/index.js";
import { prepare, prepareFiles, PREPARED_TYPES } from "./prepared.js";

/** Everything that an example may use without importing it. */
const exported: Readonly<Record<(typeof MODULES)[number][0], object>> = {
  "lanewise/predict": predict, // first: of two functions of one name, the library's own is meant
  lanewise,
  "lanewise/data": data,
  "lanewise/keras": keras,
  "lanewise/onnx": onnx,
  "lanewise/tfjs": tfjs,
  "lanewise/torch": torch,
};
/** Of a name in two modules, the library's own is meant. */
const isFirst = (module: string) => (name: string) => module === "lanewise" || !(name in lanewise);
const everything = Object.assign({}, ...Object.values(exported)) as Record<string, unknown>;

const source = readSource();
const examples = docstringExamples(source);
const pages = [
  "docs/README.md",
  "docs/transfer.md",
  ...readdirSync(join(ROOT, "docs/guide")).map((name) => `docs/guide/${name}`),
]
  .map((page) => ({ page, code: pageProgram(readFileSync(join(ROOT, page), "utf8")) }))
  .filter(({ code }) => code !== "");

const home = process.cwd();
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "lanewise-examples-"));
  await prepareFiles(folder);
  await predict.init(readFileSync(join(ROOT, "build/lanewise-predict.wasm")));
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

test("every public function has an example", () => {
  const modules = MODULES.map(([, path]) => [path, functionsOf(source, path)] as const);
  const families = Object.entries(FAMILIES).map(([family, rows]) => {
    const path = `src/${family}/index.ts`;
    return [path, new Map([...functionsOf(source, path)].filter(([name]) => name in rows))] as const;
  });
  const without = [...modules, ...families].flatMap(([path, functions]) =>
    [...functions.values()].filter(({ examples }) => examples.length === 0).map(({ name }) => `${path}: ${name}`),
  );
  expect(without).toEqual([]);
});

test("examples use the library as its types want it", () => {
  const virtual = new Map([
    ...examples.map((example, i) => [`test/docs/example${i}.ts`, exampleModule(example)] as const),
    ...pages.map(({ page, code }) => [`${page.replace(/\W/g, "_")}.ts`, `${code}\nexport {};\n`] as const),
  ]);
  const { program } = readSource(virtual);
  const wrong = [...virtual.keys()].flatMap((path) => {
    const file = program.getSourceFile(join(ROOT, path))!;
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return found.map(({ messageText, start }) => {
      const line = file.text.slice(0, start).split("\n").length - 1;
      return `${whereFrom(path)}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}\n${file.text.split("\n")[line]?.slice(0, 120)}`;
    });
  });
  expect(wrong).toEqual([]);
});

describe("the example of", () => {
  for (const example of examples) {
    test(`${example.name} (${example.place}) runs`, async () => {
      await run(example.code, { ...(await scopeOf(example)), console: recorder() });
    });
  }
});

describe("the program of", () => {
  for (const { page, code } of pages) {
    test(`${page} runs, and prints what it says`, async () => {
      const console = recorder();
      await run(code.replace(/^import .*? from "lanewise(\/\w+)?";$/gms, ""), { ...everything, console });
      expect(console.lines).toEqual(announced(code));
    });
  }
});

/** Names in scope: the library's, those of the example's own file, and the prepared values. */
async function scopeOf({ code, file }: Example): Promise<Record<string, unknown>> {
  const own = (await import(/* @vite-ignore */ file)) as object;
  const prepared = Object.entries(await prepare()).filter(([name]) => isPrepared(name, code));
  return { ...own, ...everything, ...Object.fromEntries(prepared) };
}

/** A prepared value gives way to a function of the library that an example calls by the same name. */
function isPrepared(name: string, code: string): boolean {
  return !(name in lanewise && new RegExp(`(?<![.\\w])${name}\\(`).test(code));
}

/** The same for the type checker: a module with the names imported, the example in a block of its own. */
function exampleModule({ code, file }: Example): string {
  const prepared = Object.entries(PREPARED_TYPES).filter(([name]) => isPrepared(name, code));
  const inScope = new Set(Object.keys(everything));
  const own = [...functionsOf(source, file.slice(ROOT.length + 1)).keys()].filter((name) => !inScope.has(name));
  const imports = Object.entries(exported).map(
    ([module, names]) => `import { ${Object.keys(names).filter(isFirst(module)).join(", ")} } from "${module}";`,
  );
  return `${imports.join("\n")}
${own.length > 0 ? `import { ${own.join(", ")} } from ${JSON.stringify(file.replace(/\.ts$/, ".js"))};` : ""}
export async function example(${prepared.map(([name, type]) => `${name}_: ${type}`).join(", ")}) {
  ${prepared.map(([name]) => `const ${name} = ${name}_;`).join(" ")}
  {
${code}
  }
}
`;
}

function whereFrom(path: string): string {
  const index = /example(\d+)\.ts$/.exec(path)?.[1];
  return index === undefined ? path : `${examples[Number(index)]!.name} (${examples[Number(index)]!.place})`;
}

type AsyncFunctionConstructor = new (...parameters: string[]) => (...values: unknown[]) => Promise<void>;
const AsyncFunction = (async () => {}).constructor as AsyncFunctionConstructor;

/** In a function rather than a module: the names in scope are its parameters, and the example may declare its own. */
async function run(code: string, scope: Record<string, unknown>): Promise<void> {
  const { outputText } = ts.transpileModule(`async function example() {\n${code}\n}`, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  const body = outputText.replace(/^export \{\};$/m, "");
  await new AsyncFunction(...Object.keys(scope), `${body}\nawait example();`)(...Object.values(scope));
}

function recorder() {
  const lines: string[] = [];
  return { lines, log: (...values: unknown[]) => void lines.push(values.join(" ")) };
}

/** What a page says that it prints: the comments behind its calls of console.log, in order. */
function announced(code: string): string[] {
  return code.split("\n").flatMap((line) => /console\.log\(.*\);? \/\/ (.*)$/.exec(line)?.[1] ?? []);
}
