// The library's source as TypeScript sees it: one program for all that the docs and their tests read from it.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** The repository's folder, also where this file has been compiled to another. */
export const ROOT = rootAbove(dirname(fileURLToPath(import.meta.url)));

function rootAbove(folder: string): string {
  return existsSync(join(folder, "asconfig.json")) ? folder : rootAbove(dirname(folder));
}

/** What the package exports, and where it stands. */
export const MODULES = [
  ["lanewise", "src/index.ts"],
  ["lanewise/data", "src/data/index.ts"],
  ["lanewise/keras", "src/keras/index.ts"],
  ["lanewise/onnx", "src/onnx/index.ts"],
  ["lanewise/predict", "src/predict/index.ts"],
  ["lanewise/tfjs", "src/tfjs/index.ts"],
  ["lanewise/torch", "src/torch/index.ts"],
] as const;

/** Files on the disk, which all programs share. */
const parsed = new Map<string, ts.SourceFile>();

export interface Source {
  readonly program: ts.Program;
  readonly checker: ts.TypeChecker;
}

/** @param virtual Further files, by path from the root, that are on no disk; "lanewise" is the source in them. */
export function readSource(virtual: ReadonlyMap<string, string> = new Map()): Source {
  const { config } = ts.readConfigFile(join(ROOT, "tsconfig.json"), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  Object.assign(options, {
    noUnusedLocals: false,
    noUnusedParameters: false,
    paths: Object.fromEntries(MODULES.map(([name, path]) => [name, [join(ROOT, path)]])),
  });
  const texts = new Map([...virtual].map(([path, text]) => [join(ROOT, path), text]));
  const host = ts.createCompilerHost(options, true);
  const { readFile, fileExists, getSourceFile } = host;
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.getSourceFile = (path, language, ...rest) => {
    const text = texts.get(path);
    if (text !== undefined) return ts.createSourceFile(path, text, language, true);
    const file = parsed.get(path) ?? getSourceFile(path, language, ...rest);
    if (file !== undefined) parsed.set(path, file);
    return file;
  };
  // A worker begins with its own script, which nothing imports.
  const roots = [...MODULES.map(([, path]) => path), "src/errorCodes.ts", "src/worker/train.ts"].map((path) =>
    join(ROOT, path),
  );
  const program = ts.createProgram([...roots, ...texts.keys()], options, host);
  return { program, checker: program.getTypeChecker() };
}

export function fileOf({ program }: Source, path: string): ts.SourceFile {
  const file = program.getSourceFile(join(ROOT, path));
  if (file === undefined) throw new Error(`${path} is no part of the program`);
  return file;
}

/** Where a node stands: "src/check.ts:38". */
export function placeOf(node: ts.Node): string {
  const file = node.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(node.getStart());
  return `${file.fileName.slice(ROOT.length + 1)}:${line + 1}`;
}

/** The library's own files. */
export function libraryFiles({ program }: Source): ts.SourceFile[] {
  return program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(join(ROOT, "src/")));
}
