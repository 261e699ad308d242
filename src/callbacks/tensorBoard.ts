import { knownOptions, positiveInteger, show, wholeNumber } from "../check.js";
import type { LayerObservation, TensorStatistics } from "../diagnostics/observation.js";
import { ConfigError } from "../errors.js";
import { histogram, scalar, summaryRecord, type SummaryValue, versionRecord } from "../formats/eventFile.js";
import type { Callback, Logs } from "../model/callback.js";
import { makeFolderOf } from "../runtime/files.js";
import { LogFile } from "../runtime/logFile.js";
import { checkedState, isCount } from "./state.js";

export interface TensorBoardOptions {
  /** The folder that TensorBoard is pointed at (default "logs"); the runs are its folders `train` and `validation`. */
  logDir?: string | URL;
  /** Figures of each epoch (the default), and also of each batch, or of every so many batches. */
  updateFreq?: "epoch" | "batch" | number;
  /** In every so many epochs, histograms and norms by layer; 0 (the default) for none. */
  histogramFreq?: number;
}

const OPTIONS = { logDir: true, updateFreq: true, histogramFreq: true };

/** A file of events that a resume goes on with. */
interface SavedLog {
  readonly file: string;
  readonly length: number;
}

interface State {
  readonly train: SavedLog | null;
  readonly validation: SavedLog | null;
  /** The last epoch whose layers are written; missing in files from before there was histogramFreq. */
  readonly observed?: number | null;
}

/**
 * Writes event files that TensorBoard shows (`tensorboard --logdir logs`): `epoch_loss`, each metric as `epoch_…`, and
 * `epoch_learning_rate` under `train`, those of the validation under `validation`, over the epochs from 0; with
 * `updateFreq`, `batch_…` over the steps. As Keras's TensorBoard.
 *
 * With `histogramFreq`, in epochs 0, n, 2n … also what the first step saw of every layer, under `train` at that epoch:
 * histograms of `<layer>/activations`, `<layer>/<weight>` and `<layer>/<weight>/gradients`, and the scalars
 * `<layer>/gradientNorm` and `<layer>/weightNorm` (L2, over the layer's weights) and `<layer>/updateRatio` (‖Δw‖ / ‖w‖).
 * Keras shows the weights alone, when the epoch ends. No bit of the training changes.
 *
 * A fit with `resume` goes on in the same files, behind what had been written when the model was saved: no step stands twice.
 *
 * @throws ConfigError for options that are none
 * @throws UnsupportedError `files/no-file-system` when training begins where there are no files
 * @example
 * callbacks: [tensorBoard({ logDir: "logs/run1" })]
 */
export function tensorBoard(options: TensorBoardOptions = {}): Callback {
  const given = knownOptions<TensorBoardOptions>(options, "tensorBoard", OPTIONS);
  const { logDir = "logs", updateFreq = "epoch", histogramFreq = 0 } = given;
  if (!(logDir instanceof URL) && (typeof logDir !== "string" || logDir === "")) {
    throw new ConfigError(
      "config/bad-path",
      `logDir of tensorBoard must be a path or a file: URL; got ${show(logDir)}.`,
    );
  }
  if (updateFreq !== "epoch" && updateFreq !== "batch") {
    positiveInteger(updateFreq, 'updateFreq of tensorBoard, where it is not "epoch" or "batch",');
  }
  wholeNumber(histogramFreq, "histogramFreq of tensorBoard");
  const everyBatches = updateFreq === "epoch" ? 0 : updateFreq === "batch" ? 1 : updateFreq;

  let train = new EventLog(logDir, "train");
  let validation = new EventLog(logDir, "validation");
  let epochUnderWay = 0;
  let observed: number | null = null;
  const wantsLayers = () => histogramFreq > 0 && epochUnderWay % histogramFreq === 0 && observed !== epochUnderWay;

  const batches: Callback = {
    async onBatchEnd(batch, logs, { info }) {
      const { stepsPerEpoch } = info; // of a stream, known after its first epoch
      const step = (Number.isFinite(stepsPerEpoch) ? epochUnderWay * stepsPerEpoch : 0) + batch;
      if (step % everyBatches === 0) await train.write(step, scalars("batch_", logs));
    },
  };

  return {
    name: "tensorBoard",

    async onTrainBegin() {
      [train, validation] = [new EventLog(logDir, "train"), new EventLog(logDir, "validation")];
      [epochUnderWay, observed] = [0, null];
      await makeFolderOf(train.pathOf("events"));
    },

    onEpochBegin: (epoch) => void (epochUnderWay = epoch),

    ...(everyBatches !== 0 && batches),

    /** The next step, until one of this epoch has been seen. */
    get observeEvery() {
      return wantsLayers() ? 1 : undefined;
    },

    async onObservation({ layers }) {
      const epoch = epochUnderWay;
      await train.write(
        epoch,
        layers.flatMap((layer, i) => layerValues(layer, layers.slice(0, i))),
      );
      observed = epoch;
    },

    async onEpochEnd(epoch, logs, { model }) {
      const held = Object.entries(logs).filter(([name]) => name.startsWith("val_"));
      const trained = Object.entries(logs).filter(([name]) => !name.startsWith("val_"));
      const figures = { ...Object.fromEntries(trained), learning_rate: model.learningRate };
      await train.write(epoch, scalars("epoch_", figures));
      const validated = Object.fromEntries(held.map(([name, value]) => [name.slice("val_".length), value]));
      if (held.length > 0) await validation.write(epoch, scalars("epoch_", validated));
    },

    async onTrainEnd() {
      for (const log of [train, validation]) await log.trim();
    },

    getState: (): State => ({ train: train.saved, validation: validation.saved, observed }),

    setState(saved) {
      const state = checkedState<State>("tensorBoard", saved, {
        train: isSavedLog,
        validation: isSavedLog,
        observed: (value) => value === undefined || value === null || isCount(value),
      });
      train.resume(state.train);
      validation.resume(state.validation);
      observed = state.observed ?? null;
    },
  };
}

function scalars(prefix: string, logs: Logs): SummaryValue[] {
  return Object.entries(logs).map(([name, value]) => scalar(prefix + name, value));
}

/** @param before A layer that is applied again stands there too, and has its weights there. */
function layerValues({ name, output, weights }: LayerObservation, before: readonly LayerObservation[]): SummaryValue[] {
  const again = before.filter((other) => other.name === name).length;
  const norm = (norms: readonly (number | undefined)[]) => {
    const known = norms.filter((one) => one !== undefined);
    return known.length > 0 ? Math.sqrt(known.reduce((sum, one) => sum + one * one, 0)) : undefined;
  };
  const weightNorm = norm(weights.map((weight) => weight.norm));
  const updateNorm = norm(weights.map((weight) => weight.updateNorm));
  const figures = {
    gradientNorm: norm(weights.map(({ gradientNorm }) => gradientNorm)),
    weightNorm,
    updateRatio: weightNorm && updateNorm !== undefined ? updateNorm / weightNorm : undefined,
  };
  return [
    ...distribution(`${name}/activations${again > 0 ? `_${again}` : ""}`, output),
    ...weights.flatMap((weight) => [
      ...distribution(weight.name, weight.weights),
      ...(weight.gradients ? distribution(`${weight.name}/gradients`, weight.gradients) : []),
    ]),
    ...Object.entries(figures).flatMap(([tag, value]) =>
      value === undefined ? [] : [scalar(`${name}/${tag}`, value)],
    ),
  ];
}

/** Of what is finite; a bucket for each bin, and an empty one for each gap. */
function distribution(tag: string, seen: TensorStatistics): SummaryValue[] {
  const count = seen.count - seen.nonFinite;
  if (count === 0) return [];
  const { min, max, mean, rms, histogram: bins } = seen;
  const buckets = bins.flatMap(({ low, high, count: inside }, i) => {
    const gap = i > 0 && bins[i - 1]!.high < low;
    return [...(gap ? [[low, 0] as const] : []), [high, inside] as const];
  });
  const [limits, counts] = [buckets.map(([limit]) => limit), buckets.map(([, inside]) => inside)];
  return [histogram(tag, { min, max, count, sum: mean * count, squares: rms * rms * count, limits, counts })];
}

/** The events of one run; its file is made when there is something to write. */
class EventLog {
  readonly #folder: string;
  #file: string | undefined;
  #log: LogFile | undefined;

  constructor(logDir: string | URL, run: string) {
    this.#folder = `${String(logDir).replace(/\/$/, "")}/${run}`;
  }

  pathOf(file: string): string {
    return `${this.#folder}/${file}`;
  }

  get saved(): SavedLog | null {
    return this.#log && this.#file !== undefined ? { file: this.#file, length: this.#log.length } : null;
  }

  resume(saved: SavedLog | null): void {
    if (!saved) return;
    this.#file = saved.file;
    this.#log = new LogFile(this.pathOf(saved.file), saved.length);
  }

  /** Cuts off what had been written behind the point that a resume goes on from. */
  async trim(): Promise<void> {
    await this.#log?.trim();
  }

  async write(step: number, values: readonly SummaryValue[]): Promise<void> {
    const wallTime = Date.now() / 1000;
    // A model that has moved leaves its logs behind, and TensorBoard's user may remove them.
    if (!this.#log || (await this.#log.size()) === undefined) {
      const seconds = String(Math.floor(wallTime)).padStart(10, "0"); // TensorBoard reads files in the order of their names
      this.#file = `events.out.tfevents.${seconds}.lanewise.${crypto.randomUUID().slice(0, 8)}.v2`;
      this.#log = new LogFile(this.pathOf(this.#file));
      await this.#log.append(versionRecord(wallTime));
    }
    await this.#log.append(summaryRecord(wallTime, step, values));
  }
}

/** A name that leads to no other folder. */
function isSavedLog(value: unknown): boolean {
  if (value === null) return true;
  const { file, length } = value as Partial<SavedLog>;
  return typeof file === "string" && /^events\.out\.tfevents\.[\w.]+$/.test(file) && Number.isSafeInteger(length);
}
