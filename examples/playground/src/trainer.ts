// The page's side of the conversation with the worker.

import type { FromWorker, ToWorker } from "./worker/messages.js";

type Handlers = { readonly [T in FromWorker["type"]]: (message: Extract<FromWorker, { type: T }>) => void };

export interface Trainer {
  readonly tell: (message: ToWorker) => void;
}

/** @param onCrash where the worker itself could not be started, or fell over */
export function startTrainer(handlers: Handlers, onCrash: (message: string) => void): Trainer {
  const worker = new Worker(new URL("./worker/worker.ts", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
    (handlers[data.type] as (message: FromWorker) => void)(data);
  });
  worker.addEventListener("error", (event) => {
    onCrash(event.message || "The worker that trains could not be started.");
  });
  return { tell: (message) => worker.postMessage(message) };
}
