// A function for AWS Lambda that trains for as long as one invocation may, keeps where it stands, and goes on at the next.

import { loadModel } from "lanewise";
import { loadDigits } from "lanewise/data";
import { newborn, TRAINING } from "./digits.js";

/** What an invocation needs beside training: to load, to save, to answer. */
const RESERVE_MS = 2000;

/**
 * @param {{ get(key: string): Promise<Uint8Array | undefined>, put(key: string, bytes: Uint8Array): Promise<void> }} store
 *   where training states are kept: see stores.js
 * @returns a handler of events { action: "train" | "predict", key, image? }
 */
export function createHandler(store) {
  const restored = async (key) => {
    const bytes = await store.get(key);
    return bytes ? loadModel(bytes) : newborn();
  };

  const actions = {
    async train({ key }, context) {
      const [model, { train }] = await Promise.all([restored(key), loadDigits()]);
      const maxMs = context.getRemainingTimeInMillis() - RESERVE_MS;
      if (maxMs <= 0)
        throw new Error(`The function's timeout leaves no time to train: give it more than ${RESERVE_MS} ms.`);
      let epochs;
      const onEpochEnd = (epoch) => void (epochs = epoch + 1);
      const { stopReason, history } = await model.fit(train.x, train.y, {
        ...TRAINING,
        maxMs,
        resume: true,
        callbacks: [{ onEpochEnd }],
      });
      await store.put(key, model.toBytes({ includeOptimizer: true }));
      return { done: stopReason === "completed", epochs, loss: history.loss?.at(-1) };
    },

    async predict({ key, image }) {
      const { data } = (await restored(key)).predict(Uint8Array.from(image));
      return { digit: data.indexOf(Math.max(...data)), probabilities: Array.from(data) };
    },
  };

  return async (event, context) => {
    const { action, key } = event;
    if (!Object.hasOwn(actions, action)) throw new TypeError(`action is "train" or "predict"; got ${action}.`);
    if (typeof key !== "string" || key === "") throw new TypeError("key names the model; it is missing.");
    return actions[action](event, context);
  };
}
