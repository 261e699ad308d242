import { boolean, finiteNumber, knownOptions, wholeNumber } from "../check.js";
import type { Callback, CallbackContext } from "../model/callback.js";
import type { Model } from "../model/model.js";
import type { NamedArray } from "../model/variables.js";
import { Monitor, type MonitorOptions } from "./monitor.js";
import { checkedState, isCount, isFigure, isFlag, isText } from "./state.js";

export interface EarlyStoppingOptions extends MonitorOptions {
  /** Less than this is no improvement (default 0). */
  minDelta?: number;
  /** Stop after this many epochs without an improvement (default 0: after the first). */
  patience?: number;
  /** Patience is given only to what is better than this, too. */
  baseline?: number;
  /** When training ends, however it ends, take the weights of the best epoch (default false). */
  restoreBestWeights?: boolean;
  /** Epochs before this one are not looked at (default 0). */
  startFromEpoch?: number;
}

const OPTIONS = {
  monitor: true,
  mode: true,
  minDelta: true,
  patience: true,
  baseline: true,
  restoreBestWeights: true,
  startFromEpoch: true,
};

type Weights = Readonly<Record<string, NamedArray>>;

/** What survives a resume. */
interface State {
  readonly monitor: string;
  readonly best: number | null;
  readonly wait: number;
  readonly stopped: boolean;
  readonly bestWeights: Weights | null;
  /** Those that the best ones took the place of when training ended: a resume goes on with them. */
  readonly lastWeights: Weights | null;
}

/**
 * Stops training when a figure has not become better for `patience` epochs: `history.stopReason` is "earlyStopping". As
 * Keras's EarlyStopping, but that a figure that is not finite is never the best.
 *
 * The best weights are restored however training ends: also when all epochs are done, at `maxSteps` and `maxMs`, when the
 * signal aborts, when a number was not finite, when a callback throws. The weights that they replace are kept, so that
 * `fit({ resume: true })` goes on with the same bits as never stopped, also after `save({ includeOptimizer: true })` and a
 * load; of a fit that had run out of patience, a resume ends at once, unless `patience` is now larger.
 *
 * @throws ConfigError for an option out of range; when training begins, `config/unknown-monitor` where the fit has no such
 * figure (there is no `val_loss` without validation data), `config/unknown-direction` where `mode` must be given
 * @example
 * await model.fit(x, y, { epochs: 100, validationSplit: 0.1, callbacks: [earlyStopping({ patience: 3, restoreBestWeights: true })] });
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  const known = knownOptions<EarlyStoppingOptions>(options, "earlyStopping", OPTIONS);
  const { minDelta, baseline } = known;
  const monitor = new Monitor("earlyStopping", known, minDelta);
  const patience = wholeNumber(known.patience ?? 0, "patience of earlyStopping");
  const startFromEpoch = wholeNumber(known.startFromEpoch ?? 0, "startFromEpoch of earlyStopping");
  const restores = boolean(known.restoreBestWeights ?? false, "restoreBestWeights of earlyStopping");
  if (baseline !== undefined) finiteNumber(baseline, "baseline of earlyStopping");

  const START: State = {
    monitor: monitor.figure,
    best: null,
    wait: 0,
    stopped: false,
    bestWeights: null,
    lastWeights: null,
  };
  let state = START;
  let training = false;

  return {
    name: "earlyStopping",

    onTrainBegin(_logs, context) {
      monitor.begin(context);
      state = START;
      training = true;
    },

    onEpochEnd(epoch, logs, context) {
      if (epoch < startFromEpoch) return;
      const current = monitor.read(logs);
      const better = monitor.improves(current, state.best ?? undefined);
      const enough = better && (baseline === undefined || monitor.improves(current, baseline));
      const wait = enough ? 0 : state.wait + 1;
      if (better) {
        state = { ...state, best: current, wait, ...(restores && { bestWeights: weightsOf(context.model) }) };
      } else {
        state = { ...state, wait, stopped: wait >= patience && epoch > 0 };
        if (state.stopped) context.stop("earlyStopping");
      }
    },

    onTrainEnd(_logs, context) {
      // A fit that was refused before this callback began must not bring back an older one's weights.
      if (training && restores && state.bestWeights) {
        state = { ...state, lastWeights: weightsOf(context.model) };
        write(context, state.bestWeights!);
      }
      training = false;
    },

    getState: () => state,

    setState(saved, context) {
      const next = checkedState<State>("earlyStopping", saved, {
        monitor: isText,
        best: isFigure,
        wait: isCount,
        stopped: isFlag,
        bestWeights: isWeights,
        lastWeights: isWeights,
      });
      const { bestWeights, lastWeights } = next;
      // Weights that were changed since then are meant to stay.
      if (lastWeights && bestWeights && sameBits(weightsOf(context.model), bestWeights)) write(context, lastWeights);
      if (next.monitor !== monitor.figure) return; // what was the best of another figure says nothing of this one
      state = { ...next, lastWeights: null, ...(!restores && { bestWeights: null }) };
      if (state.stopped && state.wait >= patience) context.stop("earlyStopping");
    },
  };
}

function weightsOf(model: Model): Weights {
  return Object.fromEntries(model.getWeights());
}

function write(context: CallbackContext, weights: Weights): void {
  context.setWeights(new Map(Object.entries(weights)));
}

function isWeights(value: unknown): boolean {
  return value === null || (typeof value === "object" && !Array.isArray(value));
}

function sameBits(a: Weights, b: Weights): boolean {
  return Object.entries(a).every(([name, { data }]) => {
    const other = b[name]?.data;
    if (!(other instanceof Float32Array) || other.length !== data.length) return false;
    const [ours, theirs] = [bitsOf(data), bitsOf(other)];
    return ours.every((bits, i) => bits === theirs[i]);
  });
}

function bitsOf({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length);
}
