import { describe, expect, it } from "vitest";
import {
  batchNorm,
  type Callback,
  dense,
  dropout,
  type FitOptions,
  gradualUnfreezing,
  loadModel,
  type Model,
  prelu,
  sequential,
} from "../../src/index.js";
import { CLASSES, CLASSIFIER, expectSameBits, failureOf, FEATURES, samples, stateOf } from "../model/helpers.js";

const { x, y } = samples(24);
const FIT: FitOptions = { batchSize: 8 };

/** Three layers to thaw below the output; bn and slopes belong to b. */
async function network(): Promise<Model> {
  const model = await sequential({
    inputShape: FEATURES,
    layers: [
      dense(5, { activation: "tanh", name: "a" }),
      dense(5, { name: "b" }),
      batchNorm({ name: "bn" }),
      prelu({ name: "slopes" }),
      dropout(0.1, { name: "drop" }),
      dense(4, { activation: "elu", name: "c" }),
      dense(CLASSES, { activation: "softmax", name: "output" }),
    ],
    seed: 4,
  });
  model.compile(CLASSIFIER);
  return model;
}

/** Which layers are trained in each epoch: those whose weights differ behind it. */
function recorder(): Callback & { readonly trained: string[] } {
  const trained: string[] = [];
  let before: ReturnType<Model["getWeights"]>;
  return {
    trained,
    onEpochBegin: (_epoch, _logs, { model }) => void (before = model.getWeights()),
    onEpochEnd(_epoch, _logs, { model }) {
      const changed = [...model.getWeights()].filter(([name, { data }]) => {
        return data.some((value, i) => value !== before.get(name)!.data[i]);
      });
      trained.push([...new Set(changed.map(([name]) => name.split("/")[0]))].join(" "));
    },
  };
}

const SCHEDULE = ["output", "c output", "b bn slopes c output", "a b bn slopes c output"];

describe("gradualUnfreezing", () => {
  it("thaws a layer each epoch, from the top down, with what belongs to it", async () => {
    const model = await network();
    const seen = recorder();
    await model.fit(x, y, { ...FIT, epochs: 5, callbacks: [gradualUnfreezing(), seen] });
    expect(seen.trained).toEqual([...SCHEDULE, SCHEDULE[3]]);
  });

  it("every n epochs, from a layer on; what stands above it stays as it is", async () => {
    const model = await network();
    model.getLayer("output").trainable = false;
    const seen = recorder();
    const callbacks = [gradualUnfreezing({ every: 2, from: "slopes" }), seen];
    await model.fit(x, y, { ...FIT, epochs: 3, callbacks });
    expect(seen.trained).toEqual(["b bn slopes c", "b bn slopes c", "a b bn slopes c"]);
  });

  it("goes on in a resume as never stopped, in the midst of an epoch and after a file", async () => {
    const whole = await network();
    await whole.fit(x, y, { ...FIT, epochs: 6, callbacks: [gradualUnfreezing({ every: 2 })] });
    for (const maxSteps of [2, 6, 7, 9, 14]) {
      const stopped = await network();
      await stopped.fit(x, y, { ...FIT, epochs: 6, maxSteps, callbacks: [gradualUnfreezing({ every: 2 })] });
      const resumed = await loadModel(stateOf(stopped));
      await resumed.fit(x, y, { ...FIT, epochs: 6, resume: true, callbacks: [gradualUnfreezing({ every: 2 })] });
      expectSameBits(resumed, whole);
    }
  });

  it("leaves alone what was frozen by hand in between, also over a resume", async () => {
    const model = await network();
    await model.fit(x, y, { ...FIT, epochs: 2, callbacks: [gradualUnfreezing()] });
    model.getLayer("c").trainable = false;
    const seen = recorder();
    await model.fit(x, y, { ...FIT, epochs: 3, resume: true, callbacks: [gradualUnfreezing(), seen] });
    expect(seen.trained).toEqual(["b bn slopes output"]);
  });

  it("begins anew in a fit without resume, and in one that resumes from another layer on", async () => {
    const model = await network();
    const fit = async (options: FitOptions, callback: Callback) => {
      const seen = recorder();
      await model.fit(x, y, { ...FIT, ...options, callbacks: [callback, seen] });
      return seen.trained;
    };
    await fit({ epochs: 4 }, gradualUnfreezing());
    expect(await fit({ epochs: 1 }, gradualUnfreezing())).toEqual(["output"]);
    expect(await fit({ epochs: 2, resume: true }, gradualUnfreezing({ from: "b", every: 5 }))).toEqual([
      "b bn slopes output",
    ]);
  });

  it("freezes nothing where another callback refuses to begin", async () => {
    const model = await network();
    const before = stateOf(model);
    const refuses: Callback = {
      onTrainBegin() {
        throw new Error("not today");
      },
    };
    await expect(model.fit(x, y, { callbacks: [gradualUnfreezing(), refuses] })).rejects.toThrow("not today");
    expect(Buffer.compare(stateOf(model), before)).toBe(0);
  });

  it("refuses what is no schedule", async () => {
    const model = await network();
    const code = async (from: string) =>
      (await failureOf(() => model.fit(x, y, { callbacks: [gradualUnfreezing({ from })] }))).code;
    expect(await code("drop")).toBe("config/does-not-learn");
    expect(await code("d")).toBe("config/unknown-layer");
    expect((await failureOf(() => gradualUnfreezing({ every: 0 }))).code).toBe("config/not-a-positive-integer");
    expect((await failureOf(() => gradualUnfreezing({ each: 1 } as object))).code).toBe("config/unknown-option");
    const damaged = { ...gradualUnfreezing(), getState: () => ({ from: 3, thawed: 0 }) };
    await model.fit(x, y, { callbacks: [damaged] });
    const failure = await failureOf(() =>
      model.fit(x, y, { resume: true, epochs: 2, callbacks: [gradualUnfreezing()] }),
    );
    expect(failure.code).toBe("model/bad-callback-state");
  });
});
