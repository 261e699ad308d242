import { boolean, finiteNumber, knownOptions, positiveInteger } from "../check.js";
import { ConfigError } from "../errors.js";
import type { Callback, CallbackContext, Logs } from "../model/callback.js";
import { makeFolderOf } from "../runtime/files.js";
import { Monitor, type MonitorOptions } from "./monitor.js";
import { PathTemplate } from "./pathTemplate.js";
import { checkedState, isCount, isFigure, isText } from "./state.js";

export interface ModelCheckpointOptions extends MonitorOptions {
  /**
   * Where to save, such as "model.safetensors" or "runs/{epoch:03d}-{val_loss:.4f}.safetensors". {epoch} and {batch} count
   * from 1; all figures of the logs may stand there too. Missing folders are made.
   */
  filepath: string;
  /** Only where the monitored figure is the best so far (default false). */
  saveBestOnly?: boolean;
  /** After each epoch (the default), or after every so many steps, counted on over the epochs. */
  saveFreq?: "epoch" | number;
  /** With all training state, so that `fit({ resume: true })` can go on (default true). */
  includeOptimizer?: boolean;
  /** What the first best must be better than. */
  initialValueThreshold?: number;
}

const OPTIONS = {
  filepath: true,
  monitor: true,
  mode: true,
  saveBestOnly: true,
  saveFreq: true,
  includeOptimizer: true,
  initialValueThreshold: true,
};

/** What survives a resume. */
interface State {
  readonly monitor: string;
  readonly best: number | null;
  readonly stepsSinceSave: number;
}

/**
 * Saves the model while it trains: each epoch, every n steps, or where a figure is better than ever. As Keras's
 * ModelCheckpoint, but that all training state is saved with the weights.
 *
 * A file is written beside, then renamed: at every moment, also where the process is killed, it holds one whole checkpoint,
 * from which `fit({ resume: true })` ends with the same bits as never stopped. That holds wherever the callback stands among
 * the others: the file tells which of them had not heard of the epoch's or the step's end yet. A temporary file that a killed
 * process leaves is removed by the next process that saves to the same path.
 *
 * @throws ConfigError for an option out of range; when training begins, `config/unknown-placeholder`, and with saveBestOnly
 * `config/unknown-monitor` and `config/unknown-direction`
 * @throws UnsupportedError `files/no-file-system` when training begins where there are no files
 * @example
 * const callbacks = [modelCheckpoint({ filepath: "checkpoint.safetensors" })];
 * await model.fit(x, y, { epochs: 10, callbacks }); // where this was killed after some epochs
 * const again = await loadModel("checkpoint.safetensors");
 * await again.fit(x, y, { epochs: 10, resume: true, callbacks }); // goes on with them, with the same bits
 */
export function modelCheckpoint(options: ModelCheckpointOptions): Callback {
  const known = knownOptions<ModelCheckpointOptions>(options, "modelCheckpoint", OPTIONS);
  const { saveFreq = "epoch", initialValueThreshold } = known;
  const monitor = new Monitor("modelCheckpoint", known);
  const template = new PathTemplate(known.filepath, "filepath of modelCheckpoint");
  const bestOnly = boolean(known.saveBestOnly ?? false, "saveBestOnly of modelCheckpoint");
  const includeOptimizer = boolean(known.includeOptimizer ?? true, "includeOptimizer of modelCheckpoint");
  if (saveFreq !== "epoch") positiveInteger(saveFreq, 'saveFreq of modelCheckpoint, where it is not "epoch",');
  if (initialValueThreshold !== undefined) {
    finiteNumber(initialValueThreshold, "initialValueThreshold of modelCheckpoint");
  }

  const START: State = { monitor: monitor.figure, best: initialValueThreshold ?? null, stepsSinceSave: 0 };
  let state = START;
  let epochUnderWay = 0;

  async function save(values: Record<string, number>, logs: Logs, { model }: CallbackContext): Promise<void> {
    const before = state;
    const current = monitor.read(logs);
    if (bestOnly && !monitor.improves(current, state.best ?? undefined)) return;
    if (bestOnly) state = { ...state, best: current }; // before it is saved, as a part of what is saved
    try {
      const path = template.fill({ ...logs, ...values });
      await makeFolderOf(path);
      await model.save(path, { includeOptimizer });
    } catch (error) {
      state = before;
      throw error;
    }
  }

  const hooks: Callback =
    saveFreq === "epoch"
      ? { onEpochEnd: (epoch, logs, context) => save({ epoch: epoch + 1 }, logs, context) }
      : {
          async onBatchEnd(batch, logs, context) {
            const steps = state.stepsSinceSave + 1;
            state = { ...state, stepsSinceSave: steps % saveFreq };
            if (steps < saveFreq) return;
            await save({ epoch: epochUnderWay + 1, batch: batch + 1 }, logs, context);
          },
        };
  return {
    name: "modelCheckpoint",

    async onTrainBegin(_logs, context) {
      const figures = [...context.figures.keys()].filter((name) => saveFreq === "epoch" || !name.startsWith("val_"));
      if (bestOnly) monitor.begin(context);
      if (bestOnly && !figures.includes(monitor.figure)) {
        throw new ConfigError(
          "config/unknown-monitor",
          `modelCheckpoint monitors "${monitor.figure}", which is known when an epoch ends, and saves after every ${saveFreq} steps. Pass saveFreq: "epoch", or monitor one of ${figures.join(", ")}.`,
        );
      }
      const counters = saveFreq === "epoch" ? ["epoch"] : ["epoch", "batch"];
      template.refuseOthers([...counters, ...figures], "filepath of modelCheckpoint");
      const zeros = [...counters, ...figures].map((name) => [name, 0] as const);
      await makeFolderOf(template.fill(Object.fromEntries(zeros)));
      state = START;
    },

    onEpochBegin: (epoch) => void (epochUnderWay = epoch),

    ...hooks,

    getState: () => state,

    setState(saved) {
      const checks = { monitor: isText, best: isFigure, stepsSinceSave: isCount };
      const next = checkedState<State>("modelCheckpoint", saved, checks);
      const other = next.monitor !== monitor.figure; // what was the best of another figure says nothing of this one
      state = other ? { ...START, stepsSinceSave: next.stepsSinceSave } : next;
    },
  };
}
