import { knownOptions, positiveInteger, show } from "../check.js";
import { ConfigError } from "../errors.js";
import { scalar, summaryRecord, type SummaryValue, versionRecord } from "../formats/eventFile.js";
import type { Callback, Logs } from "../model/callback.js";
import { makeFolderOf } from "../runtime/files.js";
import { LogFile } from "../runtime/logFile.js";
import { checkedState } from "./state.js";

export interface TensorBoardOptions {
  /** The folder that TensorBoard is pointed at (default "logs"); the runs are its folders `train` and `validation`. */
  logDir?: string | URL;
  /** Figures of each epoch (the default), and also of each batch, or of every so many batches. */
  updateFreq?: "epoch" | "batch" | number;
}

const OPTIONS = { logDir: true, updateFreq: true };

/** A file of events that a resume goes on with. */
interface SavedLog {
  readonly file: string;
  readonly length: number;
}

interface State {
  readonly train: SavedLog | null;
  readonly validation: SavedLog | null;
}

/**
 * Writes event files that TensorBoard shows (`tensorboard --logdir logs`): `epoch_loss`, each metric as `epoch_…`, and
 * `epoch_learning_rate` under `train`, those of the validation under `validation`, over the epochs from 0; with
 * `updateFreq`, `batch_…` over the steps. As Keras's TensorBoard.
 *
 * A fit with `resume` goes on in the same files, behind what had been written when the model was saved: no step stands twice.
 *
 * @throws ConfigError for options that are none
 * @throws UnsupportedError `files/no-file-system` when training begins where there are no files
 * @example
 * callbacks: [tensorBoard({ logDir: "logs/run1" })]
 */
export function tensorBoard(options: TensorBoardOptions = {}): Callback {
  const { logDir = "logs", updateFreq = "epoch" } = knownOptions<TensorBoardOptions>(options, "tensorBoard", OPTIONS);
  if (!(logDir instanceof URL) && (typeof logDir !== "string" || logDir === "")) {
    throw new ConfigError(
      "config/bad-path",
      `logDir of tensorBoard must be a path or a file: URL; got ${show(logDir)}.`,
    );
  }
  if (updateFreq !== "epoch" && updateFreq !== "batch") {
    positiveInteger(updateFreq, 'updateFreq of tensorBoard, where it is not "epoch" or "batch",');
  }
  const everyBatches = updateFreq === "epoch" ? 0 : updateFreq === "batch" ? 1 : updateFreq;

  let train = new EventLog(logDir, "train");
  let validation = new EventLog(logDir, "validation");
  let firstStep = 0;

  const batches: Callback = {
    onEpochBegin: (epoch, _logs, { info }) => void (firstStep = epoch * info.stepsPerEpoch),
    async onBatchEnd(batch, logs) {
      const step = firstStep + batch;
      if (step % everyBatches === 0) await train.write(step, scalars("batch_", logs));
    },
  };

  return {
    name: "tensorBoard",

    async onTrainBegin() {
      [train, validation] = [new EventLog(logDir, "train"), new EventLog(logDir, "validation")];
      await makeFolderOf(train.pathOf("events"));
    },

    ...(everyBatches !== 0 && batches),

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

    getState: (): State => ({ train: train.saved, validation: validation.saved }),

    setState(saved) {
      const state = checkedState<State>("tensorBoard", saved, { train: isSavedLog, validation: isSavedLog });
      train.resume(state.train);
      validation.resume(state.validation);
    },
  };
}

function scalars(prefix: string, logs: Logs): SummaryValue[] {
  return Object.entries(logs).map(([name, value]) => scalar(prefix + name, value));
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
