// The script of a helper: an instance of its own on the model's memory, that takes parts of records until it is ended. It
// imports nothing, so that it can be served from anywhere.

import type { Hiring, Report } from "./helpers.js";

interface HelperExports {
  join(crew: number, thread: number, scratch: number, maySleep: boolean): void;
  help(): never;
}

function work({ module, memory, crew, thread, scratch, done, failed }: Hiring, report: (report: Report) => void): void {
  try {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    const { join, help } = exports as unknown as HelperExports;
    join(crew, thread, scratch, true);
    report("ready");
    help();
  } catch (error) {
    report({ failed: error instanceof Error ? error.message : String(error) });
    const words = new Int32Array(memory.buffer);
    Atomics.store(words, failed >> 2, 1); // before the part counts as done, which thread 0 waits for
    Atomics.add(words, done >> 2, 1);
    Atomics.notify(words, done >> 2);
  }
}

if (typeof process === "object" && typeof process.versions?.node === "string" && typeof postMessage !== "function") {
  // Bundlers make a script without "await" out here of it, and look for no module whose name is put together.
  const threads = import(/* webpackIgnore: true */ /* @vite-ignore */ `node:${"worker_threads" as string}`);
  void (threads as Promise<typeof import("node:worker_threads")>).then(({ parentPort }) => {
    parentPort!.once("message", (hiring: Hiring) => work(hiring, (report) => parentPort!.postMessage(report)));
  });
} else {
  onmessage = ({ data }: MessageEvent<Hiring>) => work(data, (report) => postMessage(report));
}
