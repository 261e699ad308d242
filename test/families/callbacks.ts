// Callbacks have no twin and no figures: what each promises has a file of its own in test/callbacks. Here stands how to
// make one, for what all of them promise.

import { type Callback, progressBar } from "../../src/index.js";

/** A callback of each kind, silent and without files, by its factory. Training may end by it, not before two epochs. */
export const CALLBACKS: Readonly<Record<string, () => Callback>> = {
  progressBar: () => progressBar({ stream: { write: () => true } }),
};
