import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigError } from "../../src/errors.js";
import { readSafetensors } from "../../src/formats/safetensors.js";
import { type Callback, loadModel, modelCheckpoint, type ModelCheckpointOptions } from "../../src/index.js";
import { classifier, expectSameBits, failureOf, samples, stateOf, weightsOf } from "../model/helpers.js";
import { fitScripted } from "./scripted.js";

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "lanewise-checkpoints-"))));
afterEach(() => rm(folder, { recursive: true }));

const { x, y } = samples(50);
const options = { epochs: 3, batchSize: 8, validationSplit: 0.2 }; // 40 rows: 5 steps an epoch
const saved = async () => (await readdir(folder)).sort();
const fitWith = async (checkpoint: Partial<ModelCheckpointOptions>, fit = {}) => {
  const model = await classifier();
  const filepath = join(folder, checkpoint.filepath ?? "model.safetensors");
  const history = await model.fit(x, y, {
    ...options,
    ...fit,
    callbacks: [modelCheckpoint({ ...checkpoint, filepath })],
  });
  return { model, history };
};

describe("what it saves, and when", () => {
  test("each epoch, to one file: the model as it is then", async () => {
    const bytes: Buffer[] = [];
    const model = await classifier();
    const filepath = join(folder, "model.safetensors");
    const states: string[] = [];
    const read: Callback = {
      name: "read",
      async onEpochEnd() {
        bytes.push(await readFile(filepath));
        states.push(JSON.stringify(weightsOf(model)));
      },
    };
    await model.fit(x, y, { ...options, callbacks: [modelCheckpoint({ filepath }), read] });
    expect(await saved()).toEqual(["model.safetensors"]);
    for (const [i, file] of bytes.entries()) {
      expect(JSON.stringify(weightsOf(await loadModel(file)))).toBe(states[i]);
    }
    expect(bytes).toHaveLength(3);
  });

  test("files by epoch and figures, in folders that it makes", async () => {
    const filepath = "run/{epoch:03d}-{val_loss:.4f}-{accuracy:.2f}-{epoch}.safetensors";
    const { history } = await fitWith({ filepath });
    const expected = history.epoch.map((epoch) => {
      const { val_loss: loss, accuracy } = history.history;
      return `00${epoch + 1}-${loss![epoch]!.toFixed(4)}-${accuracy![epoch]!.toFixed(2)}-${epoch + 1}.safetensors`;
    });
    expect(await saved()).toEqual(["run"]);
    expect((await readdir(join(folder, "run"))).sort()).toEqual(expected);
  });

  test("every n steps, counted on over the epochs", async () => {
    await fitWith({ filepath: "{epoch}-{batch}.safetensors", saveFreq: 4 });
    expect(await saved()).toEqual(["1-4", "2-3", "3-2"].map((name) => `${name}.safetensors`)); // steps 4, 8 and 12 of 15
  });

  test.each([
    ["min", [5, 6, 4, 4, 3, NaN, 2], ["1", "3", "5", "7"]],
    ["max", [5, 6, 4, 7, Infinity, 7, 8], ["1", "2", "4", "7"]],
  ] as const)("only the best, %s", async (mode, figures, epochs) => {
    const filepath = join(folder, "{epoch}");
    await fitScripted(figures, [modelCheckpoint({ filepath, monitor: "val_score", mode, saveBestOnly: true })]);
    expect(await saved()).toEqual(epochs);
  });

  test("only what is better than a threshold, and than the best from then on", async () => {
    const best = { monitor: "val_score", mode: "min", saveBestOnly: true, initialValueThreshold: 4.5 } as const;
    await fitScripted([5, 6, 4, 4.2, 3], [modelCheckpoint({ ...best, filepath: join(folder, "{epoch}") })]);
    expect(await saved()).toEqual(["3", "5"]);
  });

  test("the best by a figure of the steps", async () => {
    await fitWith({ filepath: "{epoch}-{batch}", saveFreq: 1, saveBestOnly: true, monitor: "loss" });
    const names = await saved();
    expect(names).toContain("1-1");
    expect(names.length).toBeLessThan(15);
  });

  test("without training state, if asked for", async () => {
    await fitWith({ filepath: "whole" });
    await fitWith({ filepath: "lean", includeOptimizer: false });
    const [whole, lean] = [await readFile(join(folder, "whole")), await readFile(join(folder, "lean"))];
    expect(Object.keys(readSafetensors(lean).metadata)).not.toContain("training");
    expect(weightsOf(await loadModel(lean))).toEqual(weightsOf(await loadModel(whole)));
  });
});

describe("a resume", () => {
  test.each([1, 2, 3, 7])("from a checkpoint of every %i steps ends with the same bits", async (saveFreq) => {
    const { model: whole } = await fitWith({ filepath: "whole/{epoch}-{batch}", saveFreq });
    for (const name of await readdir(join(folder, "whole"))) {
      const loaded = await loadModel(join(folder, "whole", name));
      const filepath = join(folder, "again", "{epoch}-{batch}");
      await loaded.fit(x, y, { ...options, resume: true, callbacks: [modelCheckpoint({ filepath, saveFreq })] });
      expectSameBits(loaded, whole);
    }
    // What was saved after a resume is what would have been saved: a count in the midst goes on.
    for (const name of await readdir(join(folder, "again"))) {
      const [a, b] = await Promise.all(["whole", "again"].map((run) => readFile(join(folder, run, name))));
      expect(Buffer.compare(a!, b!)).toBe(0);
    }
  });

  test("knows what was the best", async () => {
    const checkpoint = () => modelCheckpoint({ filepath: join(folder, "{epoch}"), saveBestOnly: true });
    const model = await classifier();
    await model.fit(x, y, { ...options, callbacks: [checkpoint()] });
    await rm(join(folder, "1"));
    const best = checkpoint();
    model.learningRate = 1e-30; // from here on nothing becomes better
    await model.fit(x, y, { ...options, epochs: 6, resume: true, callbacks: [best] });
    expect(await saved()).toEqual(["2", "3"]);
  });
});

describe("what goes wrong", () => {
  test.each([
    [{}, "config/bad-path-template", /filepath of modelCheckpoint must be a path.*undefined/],
    [{ filepath: "" }, "config/bad-path-template", /""/],
    [{ filepath: new URL("file:///a") }, "config/bad-path-template", /an object/],
    [{ filepath: "a{epoch" }, "config/bad-path-template", /brace without its other/],
    [{ filepath: "a}" }, "config/bad-path-template", /brace/],
    [{ filepath: "{}" }, "config/bad-path-template", /placeholder "\{\}"/],
    [{ filepath: "{epoch:3}" }, "config/bad-path-template", /\{name:03d\} or \{name:\.4f\}/],
    [{ filepath: "{epoch:>4d}" }, "config/bad-path-template", /placeholder/],
    [{ filepath: "a", saveFreq: 0 }, "config/not-a-positive-integer", /saveFreq/],
    [{ filepath: "a", saveFreq: "batch" }, "config/not-a-positive-integer", /"batch"/],
    [{ filepath: "a", saveBestOnly: "yes" }, "config/not-a-boolean", /saveBestOnly/],
    [{ filepath: "a", includeOptimizer: 1 }, "config/not-a-boolean", /includeOptimizer/],
    [{ filepath: "a", mode: "best" }, "config/bad-mode", /"best"/],
    [{ filepath: "a", initialValueThreshold: NaN }, "config/not-finite", /NaN/],
    [{ filepath: "a", saveWeightsOnly: true }, "config/unknown-option", /saveWeightsOnly/],
  ])("bad input: %j", async (checkpoint, code, message) => {
    const error = await failureOf(() => modelCheckpoint(checkpoint as ModelCheckpointOptions));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  test.each([
    [{ filepath: "{epoh}" }, {}, "config/unknown-placeholder", /names \{epoh\}.*Did you mean "epoch"/],
    [{ filepath: "{batch}" }, {}, "config/unknown-placeholder", /Known are epoch, loss, accuracy, val_loss/],
    [{ filepath: "{val_loss}" }, { validationSplit: 0 }, "config/unknown-placeholder", /\{val_loss\}/],
    [
      { filepath: "{val_loss}", saveFreq: 2 },
      {},
      "config/unknown-placeholder",
      /Known are epoch, batch, loss, accuracy\./,
    ],
    [{ saveBestOnly: true }, { validationSplit: 0 }, "config/unknown-monitor", /"val_loss"/],
    [{ saveBestOnly: true, saveFreq: 3 }, {}, "config/unknown-monitor", /known when an epoch ends/],
  ])("before the first step: %j", async (checkpoint, fit, code, message) => {
    const error = await failureOf(() => fitWith(checkpoint, fit));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(await saved()).toEqual([]);
  });

  test("a path under a file, before the first step", async () => {
    await writeFile(join(folder, "file"), "");
    expect((await failureOf(() => fitWith({ filepath: "file/model" }))).code).toBe("files/write-failed");
  });

  test("a save that fails ends the fit; what was the best is not what could not be saved", async () => {
    const filepath = join(folder, "model");
    const best = modelCheckpoint({ filepath, saveBestOnly: true, monitor: "loss" });
    const model = await classifier();
    const block: Callback = {
      name: "block",
      async onEpochBegin(epoch) {
        if (epoch !== 1) return;
        await rm(filepath);
        await mkdir(filepath);
      },
    };
    const fit = { ...options, callbacks: [block, best] };
    const kept: unknown[] = [];
    const watch: Callback = { name: "watch", onEpochEnd: () => void kept.push(best.getState!()) };
    const error = await failureOf(() => model.fit(x, y, { ...fit, callbacks: [...fit.callbacks, watch] }));
    expect(error.code).toBe("files/not-a-file");
    expect(kept).toHaveLength(1);
    expect(best.getState!()).toEqual(kept[0]);

    // The epoch was trained; a resume tells those of its end who had not heard.
    await rm(filepath, { recursive: true });
    await model.fit(x, y, { ...options, resume: true, callbacks: [best, watch] });
    expect(kept).toHaveLength(3);
    expectSameBits(await loadModel(stateOf(model)), model);
  });
});
