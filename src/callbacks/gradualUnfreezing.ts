import { knownOptions, positiveInteger } from "../check.js";
import { ConfigError } from "../errors.js";
import type { Callback } from "../model/callback.js";
import type { Layer } from "../model/layer.js";
import { layerGroups } from "../model/layerGroups.js";
import { checkedState, isFigure, isText } from "./state.js";

export interface GradualUnfreezingOptions {
  /** Epochs from one layer to the next (default 1). */
  every?: number;
  /** The lowest layer that is trained from the start (default: the last that learns). */
  from?: string;
}

/** What survives a resume; which layers are frozen is the model's. */
interface State {
  readonly from: string;
  /** How many layers below it have been thawed; null: none has been frozen yet. */
  readonly thawed: number | null;
}

/**
 * Thaws a network layer by layer, from the top down: at the start all that learns below `from` is frozen, and then every
 * `every` epochs the next layer down is thawed, with the normalizations and prelus that follow it. What stands above `from` stays
 * as it is, and so does what is frozen or thawed by hand in between. A fit with `resume` goes on where the last one was, also after
 * a save and a load; any other begins anew. Howard, Ruder 2018, arXiv:1801.06146, § 3.3
 *
 * Optimizer state is kept: momentum of a layer that was trained before goes on as it was.
 *
 * @throws ConfigError for an option out of range; when training begins, `config/unknown-layer`, and `config/does-not-learn`
 * where `from` has no weights to train
 * @example
 * const layers = [...model.reuse({ trainable: false }), dense(3, { activation: "softmax", name: "head" })];
 * const target = await sequential({ inputShape: 4, layers });
 * target.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
 * await target.fit(x, y, { epochs: 4, callbacks: [gradualUnfreezing({ every: 2, from: "head" })] }); // hidden learns from epoch 2 on
 */
export function gradualUnfreezing(options: GradualUnfreezingOptions = {}): Callback {
  const known = { every: true, from: true };
  const { every = 1, from } = knownOptions<GradualUnfreezingOptions>(options, "gradualUnfreezing", known);
  positiveInteger(every, "every of gradualUnfreezing");

  /** Those to be thawed, from the top down, and the one above them. */
  let below: readonly Layer[][] = [];
  let top: readonly Layer[] = [];
  let state: State = { from: "", thawed: null };

  return {
    name: "gradualUnfreezing",

    onTrainBegin(_logs, { model }) {
      const groups = layerGroups(model.layers);
      const start = from === undefined ? groups.length - 1 : placeOf(model.getLayer(from), groups);
      top = groups[start] ?? [];
      below = groups.slice(0, Math.max(0, start)).toReversed();
      state = { from: top[0]?.name ?? "", thawed: null };
    },

    onEpochBegin(epoch) {
      if (state.thawed === null) {
        set(below.flat(), false);
        set(top, true);
      }
      const before = state.thawed ?? 0;
      const due = Math.max(before, Math.min(below.length, Math.floor(epoch / every)));
      set(below.slice(before, due).flat(), true);
      state = { ...state, thawed: due };
    },

    getState: () => state,

    setState(saved) {
      const next = checkedState<State>("gradualUnfreezing", saved, { from: isText, thawed: isFigure });
      if (next.from === state.from) state = next; // from another layer on, it begins anew
    },
  };
}

function placeOf(layer: Layer, groups: readonly Layer[][]): number {
  const place = groups.findIndex((group) => group.includes(layer));
  if (place >= 0) return place;
  throw new ConfigError(
    "config/does-not-learn",
    `from of gradualUnfreezing names "${layer.name}" (${layer.className}), which has no weights to train. Name one of ${groups.map(([first]) => first!.name).join(", ")}.`,
  );
}

function set(layers: readonly Layer[], trainable: boolean): void {
  for (const layer of layers) layer.trainable = trainable;
}
