// Callbacks have no twin and no figures: what each promises has a file of its own in test/callbacks. Here stands how to
// make one, for what all of them promise.

import { join } from "node:path";
import {
  type Callback,
  csvLogger,
  earlyStopping,
  gradientHealth,
  gradualUnfreezing,
  modelCheckpoint,
  progressBar,
  reduceLROnPlateau,
  tensorBoard,
} from "../../src/index.js";

/** A silent callback of each kind, by its factory, with a folder for its files. None ends a training. */
export const CALLBACKS: Readonly<Record<string, (folder: string) => Callback>> = {
  csvLogger: (folder) => csvLogger({ filename: join(folder, "log.csv") }),
  earlyStopping: () => earlyStopping({ monitor: "loss", patience: 100 }),
  gradientHealth: () => gradientHealth({ every: 2 }),
  gradualUnfreezing: () => gradualUnfreezing({ every: 2 }),
  modelCheckpoint: (folder) => modelCheckpoint({ filepath: join(folder, "best.safetensors"), monitor: "loss" }),
  progressBar: () => progressBar({ stream: { write: () => true } }),
  reduceLROnPlateau: () => reduceLROnPlateau({ monitor: "loss", minDelta: 1e6, patience: 1 }), // reduces again and again
  tensorBoard: (folder) => tensorBoard({ logDir: join(folder, "logs") }),
};
