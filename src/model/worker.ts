import { boolean, knownOptions, show } from "../check.js";
import { ConfigError, UnsupportedError } from "../errors.js";
import { LAYERS } from "../layers/index.js";
import { LOSSES } from "../losses/table.js";
import { hasWorkers } from "../runtime/threads.js";
import { type Compiled, type Core, metricsOf } from "./core.js";
import type { Rows } from "./data.js";
import type { History } from "./fitOptions.js";
import type { ArrayPlan } from "./fitPlan.js";
import type { Model } from "./model.js";

export interface WorkerOptions {
  /**
   * Hand x, y and weights over rather than copy them (default false): typed arrays that fill their buffers are empty
   * afterwards, and cost no memory twice.
   */
  transfer?: boolean;
  /**
   * An address of a module that exports `customObjects`, as loadModel takes them: layers and losses of your own, which are
   * functions and cannot be posted. It imports the same lanewise as the worker's script does.
   */
  module?: URL | string;
  /** Where the worker's script is, if not beside this library's files: behind a bundler, its address of `lanewise/worker`. */
  script?: URL | string;
}

/** @throws ConfigError for bad options; UnsupportedError `worker/unavailable`, `worker/functions` */
export function checkWorker(
  core: Core,
  compiled: Compiled,
  given: true | WorkerOptions,
  validates: boolean,
): WorkerOptions {
  const known = { transfer: true, module: true, script: true };
  const options = given === true ? {} : knownOptions<WorkerOptions>(given, "worker of fit()", known);
  boolean(options.transfer ?? false, "transfer of worker");
  for (const name of ["module", "script"] as const) addressOf(options[name], name);
  if (!hasWorkers()) {
    throw new UnsupportedError(
      "worker/unavailable",
      "This JavaScript engine has no workers. Call fit() without worker: it trains in this thread, to the same bits.",
    );
  }
  refuseFunctions(core, compiled, options, validates);
  return options;
}

function addressOf(value: unknown, name: string): string | undefined {
  if (value === undefined) return undefined;
  const text = value instanceof URL ? value.href : value;
  if (typeof text === "string" && URL.canParse(text)) return text;
  throw new ConfigError(
    "worker/bad-address",
    `${name} of worker must be a URL, such as new URL("./parts.js", import.meta.url); got ${show(value)}.`,
  );
}

/** Parts of one's own are functions, which no message takes. */
function refuseFunctions(core: Core, compiled: Compiled, { module }: WorkerOptions, validates: boolean): void {
  const layers = core.architecture.layers
    .filter(({ kind }) => !Object.hasOwn(LAYERS, kind.className))
    .map(({ name, kind }) => `layer "${name}" (${kind.className})`);
  const losses = compiled.outputs
    .filter(({ loss }) => !Object.hasOwn(LOSSES.rows, loss.name))
    .map(({ loss }) => `loss ${loss.name}`);
  const custom = [...layers, ...losses];
  if (custom.length > 0 && module === undefined) {
    throw new UnsupportedError(
      "worker/functions",
      `A part of your own cannot travel to a worker: ${custom.join(", ")}. Put it into a module that exports customObjects, ` +
        'and pass fit(x, y, { worker: { module: new URL("./parts.js", import.meta.url) } }).',
    );
  }
  const metric = metricsOf(compiled).find(({ compute }) => compute);
  if (metric && validates) {
    throw new UnsupportedError(
      "worker/functions",
      `The metric ${metric.label} is a function, which cannot travel to a worker to be computed in validation. ` +
        "Validate in onEpochEnd with model.evaluate(), or fit without worker.",
    );
  }
}

/** Trains as planned, in a worker that is started for it. The data are copied, or handed over, before the first `await`. */
export async function trainInWorker(
  core: Core,
  model: Model,
  plan: ArrayPlan,
  options: WorkerOptions,
): Promise<History> {
  const parcel = new Parcel(plan, options.transfer ?? false);
  core.fitting = true;
  try {
    const { RemoteFit } = await import("./remoteFit.js");
    return await new RemoteFit(core, model, plan, options, parcel).run();
  } finally {
    core.fitting = false;
  }
}

/** The rows of a fit as they are posted: copies, or the caller's own arrays where those fill their buffers. */
export class Parcel {
  /** When fit was called. */
  readonly packed = performance.now();
  readonly train: readonly Rows[];
  readonly validation: readonly Rows[] | undefined;
  readonly buffers: readonly ArrayBuffer[];

  constructor({ train, validation = [] }: ArrayPlan, transfer: boolean) {
    const filled = new Map<ArrayBufferLike, number>();
    for (const { data } of [...train, ...validation]) {
      filled.set(data.buffer, (filled.get(data.buffer) ?? 0) + data.byteLength);
    }
    const whole = (buffer: ArrayBufferLike) =>
      buffer instanceof ArrayBuffer && filled.get(buffer) === buffer.byteLength;
    const pack = (rows: Rows): Rows =>
      transfer && whole(rows.data.buffer) ? rows : { ...rows, data: rows.data.slice() };
    this.train = train.map(pack);
    this.validation = validation.length > 0 ? validation.map(pack) : undefined;
    const all = [...this.train, ...(this.validation ?? [])];
    this.buffers = [...new Set(all.map(({ data }) => data.buffer as ArrayBuffer))];
  }
}
