import { NAMES } from "../../tfjs/samples.js";
import { makeCase, readCase, seedFiles, type Case as TfjsCase } from "../../tfjs/cases.js";
import { loadTfjs } from "../../../src/tfjs/index.js";
import type { Random } from "../random.js";
import type { Reader } from "../reader.js";
import { bytesOf } from "./samples.js";

/** What only reads files of a folder, or writes, is not reached by files in memory. */
export const tfjs: Reader = {
  name: "tfjs",
  sources: [
    "src/tfjs/load.ts",
    "src/tfjs/weights.ts",
    "src/keras/config.ts",
    "src/keras/models.ts",
    "src/keras/nodes.ts",
    "src/keras/reader.ts",
    "src/keras/rules.ts",
    "src/keras/topology.ts",
  ],
  refusals: /^(tfjs|keras|json)\//,
  async prepare() {
    const seeds = await seedFiles();
    return {
      make(random: Random) {
        const made = makeCase(seeds, random.bits());
        const file = new Uint8Array(Buffer.concat(Object.values(made.files)));
        return { file, options: made };
      },
      read: ({ options }) => readCase(options as TfjsCase),
      async good() {
        const own = seeds.slice(0, NAMES.length); // those of Keras are laid out for it, with names that come twice
        const models = await Promise.all(own.map((files) => loadTfjs(files, { seed: 1 })));
        return bytesOf(...models.flatMap((model) => [...model.getWeights().values()].map(({ data }) => data)));
      },
    };
  },
};
