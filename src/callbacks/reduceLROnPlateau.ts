import { finiteNumber, knownOptions, numberInRange, show, wholeNumber } from "../check.js";
import { ConfigError } from "../errors.js";
import type { Callback } from "../model/callback.js";
import { Monitor, type MonitorOptions } from "./monitor.js";
import { checkedState, isCount, isFigure, isText } from "./state.js";

export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** η ← factor · η; above 0 and below 1 (default 0.1). */
  factor?: number;
  /** Reduce after this many epochs without an improvement (default 10). */
  patience?: number;
  /** Less than this is no improvement (default 1e-4). */
  minDelta?: number;
  /** Epochs after a reduction that are not counted (default 0). */
  cooldown?: number;
  /** The rate falls no further (default 0). */
  minLr?: number;
}

const OPTIONS = {
  monitor: true,
  mode: true,
  factor: true,
  patience: true,
  minDelta: true,
  cooldown: true,
  minLr: true,
};

/** What survives a resume; the rate itself is the model's. */
interface State {
  readonly monitor: string;
  readonly best: number | null;
  readonly wait: number;
  readonly cooldown: number;
}

/**
 * Reduces the learning rate when a figure has not become better for `patience` epochs: η ← max(factor · η, minLr). As Keras's
 * ReduceLROnPlateau. The reduced rate is `model.learningRate`, and is saved with the training state.
 *
 * @throws ConfigError for an option out of range; when training begins, `config/unknown-monitor`, `config/unknown-direction`,
 * and `config/scheduled-learning-rate` where the model was compiled with a schedule
 * @example
 * callbacks: [reduceLROnPlateau({ factor: 0.5, patience: 5, minLr: 1e-5 })]
 */
export function reduceLROnPlateau(options: ReduceLROnPlateauOptions = {}): Callback {
  const known = knownOptions<ReduceLROnPlateauOptions>(options, "reduceLROnPlateau", OPTIONS);
  const { factor = 0.1, minDelta = 1e-4, minLr = 0 } = known;
  const monitor = new Monitor("reduceLROnPlateau", known, minDelta);
  const patience = wholeNumber(known.patience ?? 10, "patience of reduceLROnPlateau");
  const cooldown = wholeNumber(known.cooldown ?? 0, "cooldown of reduceLROnPlateau");
  numberInRange(finiteNumber(minLr, "minLr of reduceLROnPlateau"), "minLr of reduceLROnPlateau", 0, Infinity);
  if (typeof factor !== "number" || !(factor > 0 && factor < 1)) {
    throw new ConfigError(
      "config/out-of-range",
      `factor of reduceLROnPlateau must be above 0 and below 1; got ${show(factor)}.`,
    );
  }

  const START: State = { monitor: monitor.figure, best: null, wait: 0, cooldown: 0 };
  let state = START;

  return {
    name: "reduceLROnPlateau",

    onTrainBegin(_logs, context) {
      monitor.begin(context);
      const { model } = context;
      model.learningRate = model.learningRate; // refused now, not at the first plateau, where a schedule drives it
      state = START;
    },

    onEpochEnd(_epoch, logs, { model }) {
      const current = monitor.read(logs);
      let { wait } = state;
      const cooling = Math.max(0, state.cooldown - 1);
      if (state.cooldown > 0) wait = 0;
      if (monitor.improves(current, state.best ?? undefined)) {
        state = { ...state, best: current, wait: 0, cooldown: cooling };
        return;
      }
      state = { ...state, wait: cooling > 0 ? wait : wait + 1, cooldown: cooling };
      if (cooling > 0 || state.wait < patience || model.learningRate <= minLr) return;
      const reduced = Math.max(model.learningRate * factor, minLr);
      if (Math.fround(reduced) > 0) model.learningRate = reduced;
      state = { ...state, wait: 0, cooldown };
    },

    getState: () => state,

    setState(saved) {
      const checks = { monitor: isText, best: isFigure, wait: isCount, cooldown: isCount };
      const next = checkedState<State>("reduceLROnPlateau", saved, checks);
      if (next.monitor === monitor.figure) state = next; // what was the best of another figure says nothing of this one
    },
  };
}
