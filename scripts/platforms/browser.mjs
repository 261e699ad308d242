// Runs the conformance in a headless browser: a page from loopback imports the build and posts back what it found.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { execute, Missing, onPath, tail } from "./execute.mjs";

const ROOT = new URL("../../", import.meta.url);
const VERSION_SECONDS = 20;

export const CHROMIUM = {
  commands: ["chromium", "chromium-browser", "google-chrome"],
  arguments: (profile, url) => [
    "--headless",
    // As root, and in most containers, the sandbox cannot start; the only page opened is ours.
    ...(process.getuid?.() === 0 || process.env.CI ? ["--no-sandbox"] : []),
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    `--user-data-dir=${profile}`,
    url,
  ],
};

const FIREFOX_PREFERENCES = {
  "app.normandy.enabled": false,
  "app.update.auto": false,
  "app.update.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "datareporting.healthreport.uploadEnabled": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.proxy.type": 0,
  "services.settings.server": "",
  "toolkit.telemetry.enabled": false,
  "toolkit.telemetry.reportingpolicy.firstRun": false,
};

export const FIREFOX = {
  commands: ["firefox", "firefox-esr"],
  arguments(profile, url) {
    const lines = Object.entries(FIREFOX_PREFERENCES).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
    );
    writeFileSync(join(profile, "user.js"), lines.join(""));
    return ["--headless", "--no-remote", "--profile", profile, url];
  },
};

const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/** What a page of one's own reports, posted to /report. */
export async function visit({ commands, arguments: argumentsFor }, page, options) {
  const command = commands.find(onPath);
  if (command === undefined) throw new Missing(`no ${commands.join(", ")} on PATH`);
  return open(command, argumentsFor, page, options);
}

export async function runBrowser({ commands, arguments: argumentsFor }, conformance, { seconds, threads }) {
  const command = commands.find(onPath);
  if (command === undefined) throw new Missing(`no ${commands.join(", ")} on PATH`);
  const { stdout } = await execute(command, ["--version"], { seconds: VERSION_SECONDS });
  const version = /\d+(?:\.\d+)+/.exec(stdout)?.[0];

  const visit = (isolated) => {
    const headers = isolated ? ISOLATION : {};
    return open(command, argumentsFor, pageFor(conformance, threads), { seconds, headers, fileAt: fileOfBuild });
  };

  const { outcome, warnings, helpers } = await visit(threads > 1);
  if (threads === 1) return { version, outcome };
  if (warnings.length > 0) throw new Error(`an isolated page warned: ${warnings.join(" ")}`);
  if (helpers === 0) throw new Error("no thread came to help");

  const alone = await visit(false);
  if (alone.helpers > 0 || alone.warnings.length !== 1 || !alone.warnings[0].includes("not cross-origin isolated")) {
    throw new Error(`a page that is not isolated should say so once, and said: ${JSON.stringify(alone.warnings)}`);
  }
  if (JSON.stringify(alone.outcome) !== JSON.stringify(outcome)) throw new Error("one thread has other bits");
  return { version, outcome };
}

/** What the page reports from a browser that is started for it; `fileAt` gives the URL of what is served, or throws. */
async function open(command, argumentsFor, page, { seconds, headers = {}, fileAt, types = MIME }) {
  const { url, reported, close } = await serve(page, { headers, fileAt, types });
  const profile = mkdtempSync(join(tmpdir(), "lanewise-profile-"));
  const removeProfile = () => rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  process.once("exit", removeProfile); // should something cut this short
  const killSwitch = new AbortController();
  const ended = execute(command, argumentsFor(profile, url), { seconds, signal: killSwitch.signal });
  try {
    const ending = ended.then(({ code, stderr }) => ({ error: `the browser ended with ${code}\n${tail(stderr)}` }));
    const report = await Promise.race([reported, ending]);
    if (report.error !== undefined) throw new Error(report.error);
    return report;
  } finally {
    killSwitch.abort();
    close();
    await ended.catch(() => undefined);
    removeProfile();
    process.removeListener("exit", removeProfile);
  }
}

function pageFor(conformance, threads) {
  const address = JSON.stringify(conformance.href.slice(ROOT.href.length - 1));
  return `<!doctype html>
<meta charset="utf-8">
<title>lanewise conformance</title>
<link rel="icon" href="data:,">
<script type="module">
  const report = (body) => fetch("/report", { method: "POST", body: JSON.stringify(body) });
  // Chromium's stack begins with the message, Firefox's has the places alone.
  const fail = (error) => report({ error: "the page failed: " + error + "\\n" + (error?.stack ?? "") });
  addEventListener("error", ({ error, message }) => fail(error ?? message));
  addEventListener("unhandledrejection", ({ reason }) => fail(reason));
  const warnings = [];
  console.warn = (text) => warnings.push(text);
  let helpers = 0;
  globalThis.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => (helpers += data === "ready"));
    }
  };
  try {
    const { conformance } = await import(${address});
    const outcome = await conformance({ threads: ${threads} });
    await report({ outcome, warnings, helpers });
  } catch (error) {
    await fail(error);
  }
</script>
`;
}

export const MIME = { "": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };

/** The page and its files, on a free port of loopback; and what the page reports, when it does. */
async function serve(page, { headers, fileAt, types }) {
  let resolveReport;
  const reported = new Promise((resolve) => (resolveReport = resolve));
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost"); // whose parser takes all ".." out
    try {
      if (request.method === "POST" && pathname === "/report") {
        resolveReport(JSON.parse(Buffer.concat(await request.toArray()).toString()));
        response.writeHead(204).end();
      } else {
        const body = pathname === "/" ? page : await readFile(fileAt(pathname));
        response.writeHead(200, { ...headers, "Content-Type": types[extname(pathname)] ?? "text/plain" }).end(body);
      }
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, reported, close };
}

function fileOfBuild(pathname) {
  if (pathname.startsWith("/build/")) return new URL(`.${pathname}`, ROOT);
  throw new Error(`Nothing is served at ${pathname}.`);
}
