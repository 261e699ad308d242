// Workers that share a model's memory, made in either way there is. They keep no process alive.

import { builtin } from "./builtin.js";
import { givenThreadScript } from "./module.js";
import { isNode, warnOfOneThread } from "./threads.js";

/** What a helper is told when it is hired. */
export interface Hiring {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Where threads meet: assembly/shared/layout.ts. */
  readonly crew: number;
  readonly thread: number;
  /** Where it packs. */
  readonly scratch: number;
  /** Where it says that it failed, and that a part is done. */
  readonly failed: number;
  readonly done: number;
}

/** What a helper tells: that it waits for calls, or why it ends. */
export type Report = "ready" | { readonly failed: string };

interface Listener {
  onReport(report: Report): void;
  onEnd(why: string): void;
}

/** Starts a worker; what is returned ends it. */
export type Hire = (hiring: Hiring, listener: Listener) => () => void;

/** The way to start workers here. */
export async function wayToHire(): Promise<Hire> {
  return isNode() ? hireInNode(await builtin("worker_threads")) : hireInBrowser;
}

function hireInNode({ Worker }: typeof import("node:worker_threads")): Hire {
  return (hiring, { onReport, onEnd }) => {
    const script = givenThreadScript() ?? new URL("./threadWorker.js", import.meta.url);
    const worker = new Worker(typeof script === "string" ? new URL(script) : script, { execArgv: [] }); // not --input-type
    worker.on("message", onReport);
    worker.on("error", (error: Error) => onEnd(error.message));
    worker.on("exit", (code) => onEnd(`it ended with exit code ${code}`));
    worker.unref();
    worker.postMessage(hiring);
    return () => void worker.terminate();
  };
}

const hireInBrowser: Hire = (hiring, { onReport, onEnd }) => {
  const script = givenThreadScript();
  const worker = script
    ? new Worker(script, { type: "module" })
    : new Worker(new URL("./threadWorker.js", import.meta.url), { type: "module" }); // as bundlers look for it
  worker.onmessage = ({ data }: MessageEvent<Report>) => onReport(data);
  worker.onerror = ({ message }) => onEnd(message || "its script cannot be loaded");
  (worker as { unref?: () => void }).unref?.(); // Bun
  worker.postMessage(hiring);
  return () => worker.terminate();
};

/** So many models keep their helpers; the one that has rested longest lets them go, and hires anew when it runs again. */
const MOST_CREWS = 16;
const hired = new Set<Helpers>();

/** The helpers of one model. It knows nothing of the model, so that helpers end when the model is collected. */
export class Helpers {
  state: "there" | "absent" | "dead" | "dismissed" = "there";
  /** Why one of them died. */
  death = "";
  readonly #ends: (() => void)[] = [];

  constructor(hire: Hire, hirings: readonly Hiring[]) {
    for (const hiring of hirings) {
      let ready = false;
      const onEnd = (why: string) => {
        if (this.state !== "there") return;
        if (!ready) warnOfOneThread(`a worker could not be started (${why})`);
        this.#end(ready ? "dead" : "absent");
        this.death = why;
      };
      const onReport = (report: Report) => (report === "ready" ? void (ready = true) : onEnd(report.failed));
      try {
        this.#ends.push(hire(hiring, { onReport, onEnd }));
      } catch (error) {
        onEnd(error instanceof Error ? error.message : String(error));
        break;
      }
    }
    this.use();
  }

  /** Those used last are kept. */
  use(): void {
    if (this.state !== "there") return;
    hired.delete(this);
    hired.add(this);
    const [longestAtRest] = hired;
    if (hired.size > MOST_CREWS) longestAtRest!.dismiss();
  }

  dismiss(): void {
    if (this.state === "there") this.#end("dismissed");
  }

  #end(state: "absent" | "dead" | "dismissed"): void {
    this.state = state;
    hired.delete(this);
    for (const end of this.#ends) end();
  }
}
