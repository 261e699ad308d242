// What npm install brings, as others use it: packed, installed in an empty folder elsewhere, and then run by runtimes, bundled by
// bundlers and run in Chromium, looked at by linters of packages. Needs a build, and npm install --prefix test/bundle.

import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { FILES } from "./package/exports.mjs";
import { CHROMIUM, MIME, visit } from "./platforms/browser.mjs";
import { execute, Missing, tail } from "./platforms/execute.mjs";
import { commandOf } from "./platforms/installed.mjs";

const ROOT = new URL("../", import.meta.url);
const BUNDLERS = new URL("test/bundle/", ROOT);
const SECONDS = 60;

const folder = mkdtempSync(join(tmpdir(), "lanewise-package-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

const npm = (args, cwd) => execFileSync("npm", args, { cwd, encoding: "utf8", shell: process.platform === "win32" });
npm(["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], fileURLToPath(ROOT));
const tarball = join(
  folder,
  readdirSync(folder).find((name) => name.endsWith(".tgz")),
);
writeFileSync(join(folder, "package.json"), '{ "name": "elsewhere", "private": true, "type": "module" }\n');
npm(["install", "--no-audit", "--no-fund", "--silent", tarball], folder);
cpSync(new URL("app/", BUNDLERS), join(folder, "app"), { recursive: true });

let failures = 0;
async function check(what, action) {
  const began = performance.now();
  try {
    const said = await action();
    console.log(`${what.padEnd(40)}${said ?? "ok"}  ${((performance.now() - began) / 1000).toFixed(1)} s`);
  } catch (error) {
    if (error instanceof Missing) return console.log(`${what.padEnd(40)}skipped: ${error.message}`);
    failures++;
    console.log(`${what.padEnd(40)}FAILED: ${error.message}`);
  }
}

function equal(found, wanted) {
  if (found !== wanted)
    throw new Error(`got ${JSON.stringify(found).slice(0, 400)}, expected ${JSON.stringify(wanted).slice(0, 400)}`);
}

// ── The README's example ────────────────────────────────────────────────────────────────────────────────────────────

const readme = readFileSync(new URL("README.md", ROOT), "utf8");
const example = /```ts\n(.*?)```/s.exec(readme)[1].replace("epochs: 10", "epochs: 2").replace("progressBar(), ", "");
const say = '\nconsole.log("stopped: " + history.stopReason + ", " + same.predict(test.x).shape);\n';
const required = example.replace(/import (\{[^}]*\}) from ("[^"]+");/g, "const $1 = require($2);");
writeFileSync(join(folder, "readme.mjs"), example + say);
writeFileSync(join(folder, "readme.cjs"), `(async () => {\n${required}${say}})();\n`);
writeImages(join(folder, "mnist"));

const runs = {
  "README, Node, import": () => [process.execPath, "readme.mjs"],
  "README, Node, require": () => [process.execPath, "readme.cjs"],
  "README, Deno": () => [commandOf("deno"), "run", "--allow-read", "--allow-write", "--allow-sys", "readme.mjs"],
  "README, Bun, import": () => [commandOf("bun"), "readme.mjs"],
  "README, Bun, require": () => [commandOf("bun"), "readme.cjs"],
};
for (const [what, commandLine] of Object.entries(runs)) {
  await check(what, async () => {
    const [command, ...args] = commandLine();
    const { code, stdout, stderr } = await execute(command, args, { seconds: SECONDS, cwd: folder });
    if (code !== 0 || !stdout.includes("stopped: completed, 20,10")) throw new Error(tail(stderr || stdout));
  });
}

/** A folder as MNIST's, of 100 and 20 images. */
function writeImages(to) {
  const idx = (shape, data) =>
    Uint8Array.from([
      0,
      0,
      8,
      shape.length,
      ...shape.flatMap((n) => [n >>> 24, n >>> 16, n >>> 8, n].map((b) => b & 255)),
      ...data,
    ]);
  execFileSync(process.execPath, ["-e", "fs.mkdirSync(process.argv[1])", to]);
  for (const [part, rows] of Object.entries({ train: 100, t10k: 20 })) {
    const labels = Array.from({ length: rows }, (_, i) => i % 10);
    const pixels = labels.flatMap((label) => Array.from({ length: 784 }, (_, j) => (j % 10 === label ? 255 : 0)));
    writeFileSync(join(to, `${part}-images-idx3-ubyte`), idx([rows, 28, 28], pixels));
    writeFileSync(join(to, `${part}-labels-idx1-ubyte`), idx([rows], labels));
  }
}

// ── Linters of packages ─────────────────────────────────────────────────────────────────────────────────────────────

const bin = (name) => {
  const path = fileURLToPath(new URL(`node_modules/.bin/${name}`, BUNDLERS));
  if (!existsSync(path)) throw new Missing(`no ${name}: npm install --prefix test/bundle`);
  return path;
};
async function lint(command, args) {
  const { code, stdout, stderr } = await execute(command, args, { seconds: SECONDS, cwd: folder });
  if (code !== 0) throw new Error(`\n${tail(stdout)}\n${tail(stderr)}`);
}
await check("publint", () => lint(bin("publint"), [tarball, "--strict"]));
// The wasm files, package.json and a worker's script are nothing to import; "node10" knows no subpaths at all.
await check("are the types wrong", () =>
  lint(bin("attw"), [tarball, "--profile", "node16", "--exclude-entrypoints", ...Object.keys(FILES)]),
);

// ── Bundles, in Chromium ────────────────────────────────────────────────────────────────────────────────────────────

const { run } = await import(pathToFileURL(join(folder, "app/app.js")).href);
const library = await import(pathToFileURL(join(folder, "node_modules/lanewise/build/node/index.js")).href);
const expected = await run(library);

const at = (path) => join(folder, path);
const load = (name) => {
  const path = new URL(`node_modules/${name}`, BUNDLERS);
  if (!existsSync(path)) throw new Missing(`no ${name}: npm install --prefix test/bundle`);
  return import(path.href);
};

/** Each makes the folder out/NAME with main.js in it. */
const BUNDLES = {
  async esbuild(out, entry) {
    const { build } = await load("esbuild/lib/main.js");
    const [outfile, logLevel] = [join(out, "main.js"), "error"];
    await build({ entryPoints: [at(`app/${entry}.js`)], bundle: true, format: "esm", outfile, logLevel });
  },
  async rollup(out, entry) {
    const { rollup } = await load("rollup/dist/es/rollup.js");
    const resolve = { name: "resolve", resolveId: (id) => (id.startsWith("lanewise") ? resolved(id) : null) };
    const bundle = await rollup({ input: at(`app/${entry}.js`), plugins: [resolve], onwarn: () => undefined });
    await bundle.write({ dir: out, format: "esm", entryFileNames: "main.js" });
  },
  async vite(out, entry) {
    const { build } = await load("vite/dist/node/index.js");
    const rolldownOptions = { input: at(`app/${entry}.js`), output: { entryFileNames: "main.js" } };
    await build({
      root: folder,
      logLevel: "silent",
      configFile: false,
      base: "./",
      build: { outDir: out, emptyOutDir: false, rolldownOptions },
    });
  },
  async webpack(out, entry) {
    const { default: webpack } = await load("webpack/lib/index.js");
    const options = {
      mode: "production",
      context: folder,
      entry: at(`app/${entry}.js`),
      output: { path: out, filename: "main.js" },
    };
    const stats = await new Promise((done, fail) =>
      webpack(options, (error, found) => (error ? fail(error) : done(found))),
    );
    if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }).slice(0, 1000));
  },
};

/** As a plugin of Rollup's for packages does: by the package's own exports. */
function resolved(id) {
  const { exports } = JSON.parse(readFileSync(at("node_modules/lanewise/package.json"), "utf8"));
  return at(join("node_modules/lanewise", exports[`.${id.slice("lanewise".length)}`].browser.default));
}

const PAGE = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/main.js"></script>';

/** Serves the bundle's folder; `change` may say otherwise. */
async function inChromium(out, { change = (file) => file, ...options } = {}) {
  const fileAt = (pathname) => change(pathToFileURL(join(out, pathname)));
  const { outcome } = await visit(CHROMIUM, PAGE, { seconds: SECONDS, fileAt, ...options });
  return outcome;
}

for (const [bundler, bundle] of Object.entries(BUNDLES)) {
  // The first two bring no files along.
  for (const entry of bundler === "esbuild" || bundler === "rollup" ? ["inline"] : ["main", "inline"]) {
    await check(`${bundler}, ${entry === "main" ? "lanewise" : "lanewise/inline"}`, async () => {
      const out = at(`out-${bundler}-${entry}`);
      await bundle(out, entry);
      equal(await inChromium(out), expected);
    });
  }
}

// ── Policies and servers ────────────────────────────────────────────────────────────────────────────────────────────

const plain = at("out-plain");
const csp = (sources) => ({ headers: { "Content-Security-Policy": `script-src 'self'${sources}` } });
const swap = (file) => ({ change: (url) => (url.href.endsWith(".wasm") ? pathToFileURL(file) : url) });
const SERVERS = {
  "no wasm-unsafe-eval": [csp(""), /^engine\/compile-forbidden .*wasm-unsafe-eval/],
  "wasm-unsafe-eval": [csp(" 'wasm-unsafe-eval'"), expected],
  "another MIME type": [{ types: { ...MIME, ".wasm": "application/octet-stream" } }, expected],
  "a missing file": [swap(at("missing.wasm")), /^engine\/not-found /],
  "a page instead of the file": [swap(at("page.html")), /^engine\/not-wasm .*page of HTML/],
};
writeFileSync(at("page.html"), PAGE);
for (const [what, [options, wanted]] of Object.entries(SERVERS)) {
  await check(`a page with ${what}`, async () => {
    if (!existsSync(plain)) {
      const { build } = await load("esbuild/lib/main.js");
      const outfile = join(plain, "js/x/main.js"); // the file is looked for two folders up
      await build({ entryPoints: [at("app/main.js")], bundle: true, format: "esm", outfile, logLevel: "error" });
      symlinkSync(at("node_modules/lanewise/build/lanewise.wasm"), join(plain, "lanewise.wasm"));
    }
    const page = { change: (url) => url, ...options };
    const served = {
      ...page,
      change: (url) => page.change(url.href.endsWith("/main.js") ? pathToFileURL(join(plain, "js/x/main.js")) : url),
    };
    const outcome = await inChromium(plain, served);
    if (wanted instanceof RegExp ? !wanted.test(outcome) : outcome !== wanted) equal(outcome, String(wanted));
  });
}

console.log(failures === 0 ? "\nThe package works." : `\n${failures} failed.`);
process.exitCode = failures === 0 ? 0 : 1;
