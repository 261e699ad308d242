// A copy of the project in which mutants are made: the tree itself is never touched.

import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { BUILDS, compilation } from "../builds.mjs";
import { execute, tail, TimedOut } from "../platforms/execute.mjs";

const LEFT_OUT = new Set([".git", "node_modules", "build", "coverage"]);
/** Which test files load a build; those that all load are not named. */
const USERS = {
  "lanewise-threads.wasm": /^test\/(threads|precision)\//,
  "lanewise-fast.wasm": /^test\/precision\//,
  "lanewise-fast-threads.wasm": /^test\/precision\//,
  "lanewise-predict.wasm": /^test\/predict\//,
};
const isUsed = ({ file }, tests) => !USERS[file] || tests.some((test) => USERS[file].test(test));
const BUILD_SECONDS = 120;

/** A mutant that cannot be made: the list is wrong, not the tests. */
export class Unmade extends Error {}

export class Copy {
  #root;
  #modules = new Map(); // of each build, as built from the sources as they are

  constructor(project) {
    this.#root = mkdtempSync(join(tmpdir(), "lanewise-mutants-"));
    process.on("exit", () => rmSync(this.#root, { recursive: true, force: true }));
    cpSync(project, this.#root, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
    symlinkSync(realpathSync(join(project, "node_modules")), join(this.#root, "node_modules"), "junction");
    mkdirSync(join(this.#root, "build"));
  }

  /** Builds the modules as they are, or takes those of a copy that has. */
  async prepare(other) {
    for (const build of BUILDS) {
      if (other === undefined) await this.#build(build);
      this.#modules.set(build, other?.#modules.get(build) ?? readFileSync(this.#pathOf(build)));
      this.#restore(build);
    }
  }

  #pathOf({ file }) {
    return join(this.#root, "build", file);
  }

  #restore(build) {
    writeFileSync(this.#pathOf(build), this.#modules.get(build));
  }

  /** Runs `action` with the mutant in place. */
  async with({ file, find, replace, tests }, action) {
    const path = join(this.#root, file);
    const source = readFileSync(path, "utf8");
    const found = source.split(find).length - 1;
    if (found !== 1) throw new Unmade(`what is to be replaced stands ${found} times in ${file}`);
    const builds = file.startsWith("assembly/") ? BUILDS.filter((build) => isUsed(build, tests)) : [];
    writeFileSync(
      path,
      source.replace(find, () => replace),
    );
    try {
      for (const build of builds) await this.#build(build);
      return await action();
    } finally {
      writeFileSync(path, source);
      builds.forEach((build) => this.#restore(build));
    }
  }

  /**
   * Runs test files: which tests failed, and the seconds that each file took. With `bail`, the first failure is the last
   * test.
   *
   * @throws Unmade where a file does not even load, TimedOut after `seconds`
   */
  async test(files, { seconds, bail }) {
    const report = join(this.#root, "build/report.json");
    rmSync(report, { force: true });
    const options = ["--no-file-parallelism", "--no-cache", "--reporter", "json", "--outputFile", report];
    const vitest = ["node_modules/vitest/vitest.mjs", "run", ...options, ...(bail ? ["--bail", "1"] : []), ...files];
    const { code, stderr } = await this.#node(vitest, seconds);
    const results = readReport(report, stderr);
    const failed = results.flatMap(({ assertionResults }) =>
      assertionResults.filter(({ status }) => status === "failed"),
    );
    const broken = results.find(({ status, message }) => status === "failed" && message !== "");
    const unloaded = broken?.assertionResults.length === 0;
    const said = tail(stripVTControlCharacters(broken?.message ?? stderr));
    if (failed.length === 0 && unloaded) throw new Unmade(said);
    const outside = failed.length === 0 && code !== 0 ? [`an error outside of any test: ${said}`] : [];
    return {
      failed: [...failed.map(({ fullName }) => fullName), ...outside],
      seconds: secondsByFile(results, realpathSync(this.#root)),
    };
  }

  /** Unoptimized, in a quarter of the time: the same bits. */
  async #build(build) {
    const { code, stderr } = await this.#node(compilation(build, "quick"), BUILD_SECONDS).catch((error) => {
      throw new Unmade(`asc: ${error.message}`);
    });
    if (code !== 0) throw new Unmade(`asc: ${tail(stderr)}`);
  }

  #node(args, seconds) {
    return execute(process.execPath, args, { cwd: this.#root, seconds });
  }
}

function readReport(path, stderr) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).testResults;
  } catch {
    throw new Error(`Vitest left no report: ${tail(stderr)}`);
  }
}

/** By the path from the root, as the list has it. */
function secondsByFile(results, root) {
  const entries = results.map(({ name, startTime, endTime }) => [relative(root, name), (endTime - startTime) / 1000]);
  return new Map(entries);
}

export { TimedOut };
