import { knownOptions, positiveInteger } from "../check.js";
import { sizeOf } from "../shape.js";
import type { Run } from "../program/run.js";
import type { Form } from "./architecture.js";
import { type Rows, sliceRows } from "./data.js";
import { Dataset, type Host, type Inputs, refuseNonFiniteInputs, toUncheckedInputs } from "./dataset.js";
import { Sinks } from "./sinks.js";

/** What can predict: a model, or a predictor. */
export interface PredictingHost extends Host {
  readonly architecture: Host["architecture"] & { readonly outputForm: Form };
  prepare(mode: "predict", rows: number): { readonly run: Run };
}

export interface PredictOptions {
  /** Rows at a time (default 256): more of them are faster and take more memory. It changes no bit. */
  batchSize?: number;
}

export interface Prediction {
  readonly data: Float32Array;
  /** (rows, …output) */
  readonly shape: number[];
}

/** What a model predicts: one array, or as its outputs were given, a list of them or a record by name. */
export type Predictions = Prediction | readonly Prediction[] | Readonly<Record<string, Prediction>>;

const PREDICT_OPTIONS = { batchSize: true };
const DEFAULT_BATCH = 256;

/** Bytes that a chunk of inputs and outputs may take: predicting a million rows needs no memory for a million. */
const CHUNK_BYTES = 16 * 1024 * 1024;

/** The outputs for each row of x, in inference mode. */
export function predict(core: PredictingHost, x: Inputs, options: PredictOptions): Predictions {
  const { outputs, outputForm } = core.architecture;
  const { batchSize = DEFAULT_BATCH } = knownOptions<PredictOptions>(options, "predict()", PREDICT_OPTIONS);
  const arrays = toUncheckedInputs(core, x);
  const data = predictRows(core, arrays, positiveInteger(batchSize, "batchSize"));
  const predictions = outputs.map(({ shape }, i): Prediction => ({
    data: data[i]!,
    shape: [arrays[0]!.rows, ...shape],
  }));
  if (outputForm === "one") return predictions[0]!;
  return outputForm === "list"
    ? predictions
    : Object.fromEntries(outputs.map(({ name }, i) => [name, predictions[i]!]));
}

/** The rows of each output, made chunk by chunk. */
function predictRows(core: PredictingHost, arrays: readonly Rows[], batchRows: number): Float32Array[] {
  const { outputs } = core.architecture;
  const [{ rows: total }] = arrays as [Rows];
  const widths = outputs.map(({ shape }) => sizeOf(shape));
  const data = widths.map((width) => new Float32Array(total * width));
  const rowBytes = 4 * [...arrays.map(({ width }) => width), ...widths].reduce((sum, width) => sum + width, 0);
  const chunk = Math.min(total, Math.max(1, Math.floor(CHUNK_BYTES / (rowBytes * batchRows))) * batchRows);

  const { run } = core.prepare("predict", Math.min(batchRows, chunk));
  const sinks = new Sinks(core, chunk);
  try {
    run.sinks(sinks.addresses);
    for (let first = 0; first < total; first += chunk) {
      const rows = Math.min(chunk, total - first);
      const parts = arrays.map((array) => sliceRows(array, first, rows));
      const dataset = new Dataset(core, parts, { shuffle: false, batchRows, resident: true });
      try {
        if (!dataset.isFinite()) refuseNonFiniteInputs(core, arrays);
        dataset.attach(run);
        run.begin({ totalRows: rows, batchRows });
        run.slice(Infinity);
      } finally {
        dataset.release();
      }
      data.forEach((array, i) => array.set(sinks.rows(i, rows), first * widths[i]!));
    }
  } finally {
    sinks.release();
  }
  return data;
}
