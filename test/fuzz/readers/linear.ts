import {
  type LinearJson,
  loadLinearModel,
  logisticRegression,
  linearSvm,
  type LogisticClassifier,
} from "../../../src/index.js";
import { damaged, edited, HOSTILE_TEXTS, HOSTILE_VALUES, type Junk, textBytes } from "../edits.js";
import type { Random } from "../random.js";
import type { Reader } from "../reader.js";
import { bytesOf } from "./samples.js";

const x = Float32Array.from({ length: 60 }, (_, i) => Math.fround(((i * 37) % 19) / 9 - 1));
const JUNK: Junk = {
  texts: [...HOSTILE_TEXTS, "lanewise/linear", "linearSvm", "logisticRegression"],
  others: HOSTILE_VALUES,
};
const DEEP = `${"[".repeat(9000)}${"]".repeat(9000)}`;

export const linear: Reader = {
  name: "linear",
  sources: ["src/transfer/linear/load.ts"],
  refusals: /^model\//,
  async prepare() {
    const labels = (classes: number) => Int32Array.from({ length: 20 }, (_, i) => ((i * 7) % classes) - 1);
    const fitted = [
      await linearSvm().fit(x, labels(2)),
      await linearSvm().fit(x, labels(4)),
      await logisticRegression().fit(x, labels(2)),
      await logisticRegression().fit(x, labels(3)),
    ];
    const models = fitted.map((model) => model.toJSON());
    const texts = models.map((model) => textBytes(JSON.stringify(model)));
    return {
      make(random: Random) {
        let model: LinearJson = random.pick(models);
        const edits = random.few(4);
        for (let i = 0; i < edits; i++) model = edited(model, random, JUNK);
        const text = random.oneIn(40) ? DEEP : (JSON.stringify(model) ?? "null");
        const file = damaged(textBytes(text), random.oneIn(4) ? 1 + random.few(2) : 0, random, random.pick(texts));
        return { file, options: { asText: !random.oneIn(3) } };
      },
      async read({ file, options }) {
        const text = new TextDecoder().decode(file);
        const model = await loadLinearModel((options as { asText: boolean }).asText ? text : parsed(text));
        model.predict(new Float32Array(2 * model.coefficients.shape[1]));
        if ("predictProbabilities" in model) model.predictProbabilities(new Float32Array(model.coefficients.shape[1]));
        return "a classifier";
      },
      async good() {
        const model = (await loadLinearModel(new TextDecoder().decode(texts[3]))) as LogisticClassifier;
        return bytesOf(model.predict(x), model.predictProbabilities(x));
      },
    };
  },
};

/** What is no JSON stays a text. */
function parsed(text: string): LinearJson {
  try {
    return JSON.parse(text) as LinearJson;
  } catch {
    return text as unknown as LinearJson;
  }
}
