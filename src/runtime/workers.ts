// One worker and the messages to and from it, in either way that there is to make one.

import { builtin } from "./builtin.js";
import { isNode } from "./threads.js";

/**
 * Written so that bundlers do not look for the script: it is a module that loads others, and Vite, unless told otherwise, wants
 * a worker's script to be one classic file. Where a bundler moves this file, `worker: { script }` says where the script is.
 */
const HERE = import.meta.url;
const trainScript = () => new URL("../worker/train.js", HERE);

/** A worker that runs. */
export interface WorkerLink<Told, Heard> {
  post(message: Told, transfer?: readonly ArrayBuffer[]): void;
  /** The next message, when it comes; rejects with an Ended once there are none left and the worker is gone. */
  next(): Promise<Heard>;
  end(): void;
}

/** A worker that is gone, and why. */
export class Ended extends Error {}

/**
 * Starts a worker that trains.
 *
 * @param script Where it is, if not beside this library's files.
 */
export async function startTrainer<Told, Heard>(script: URL | string | undefined): Promise<WorkerLink<Told, Heard>> {
  const inbox = new Inbox<Heard>();
  const link = isNode() ? await startInNode(script, inbox) : startInBrowser(script, inbox);
  return { ...link, next: () => inbox.next() };
}

type HalfLink<Told> = Omit<WorkerLink<Told, never>, "next">;

async function startInNode<Told, Heard>(
  script: URL | string = trainScript(),
  inbox: Inbox<Heard>,
): Promise<HalfLink<Told>> {
  const { Worker } = await builtin("worker_threads");
  const worker = new Worker(typeof script === "string" ? new URL(script) : script, { execArgv: [] }); // not --input-type
  worker.on("message", (message: Heard) => inbox.put(message));
  worker.on("messageerror", (error: Error) => inbox.close(error.message));
  worker.on("error", (error: Error) => inbox.close(error.message));
  worker.on("exit", (code) => inbox.close(`it ended with exit code ${code}`));
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    end: () => void worker.terminate(),
  };
}

function startInBrowser<Told, Heard>(script: URL | string | undefined, inbox: Inbox<Heard>): HalfLink<Told> {
  const worker = new Worker(script ?? trainScript(), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Heard>) => inbox.put(data);
  worker.onmessageerror = () => inbox.close("a message from it cannot be read");
  worker.onerror = ({ message }) =>
    inbox.close(
      message || "its script cannot be loaded; with a bundler say where it is, worker: { script } (lanewise/worker)",
    );
  return {
    post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
    end: () => worker.terminate(),
  };
}

/** Messages that nobody has taken yet, and at most one who waits for the next. */
class Inbox<Heard> {
  readonly #messages: Heard[] = [];
  #end: Ended | undefined;
  #wake: (() => void) | undefined;

  put(message: Heard): void {
    this.#messages.push(message);
    this.#wake?.();
  }

  close(why: string): void {
    this.#end ??= new Ended(why);
    this.#wake?.();
  }

  async next(): Promise<Heard> {
    while (this.#messages.length === 0) {
      if (this.#end) throw this.#end;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#messages.shift()!;
  }
}

/** The other side of a link: what a worker's script hears, and how it answers. */
export interface WorkerPort<Heard, Told> {
  listen(onMessage: (message: Heard) => void): void;
  post(message: Told, transfer?: readonly ArrayBuffer[]): void;
}

/** Of the worker that this is. */
export async function portHere<Heard, Told>(): Promise<WorkerPort<Heard, Told>> {
  if (isNode()) {
    const { parentPort } = await builtin("worker_threads");
    return {
      listen: (onMessage) => void parentPort!.on("message", onMessage),
      post: (message, transfer = []) => parentPort!.postMessage(message, transfer),
    };
  }
  return {
    listen: (onMessage) => void addEventListener("message", ({ data }: MessageEvent<Heard>) => onMessage(data)),
    post: (message, transfer = []) => postMessage(message, { transfer: [...transfer] }),
  };
}
