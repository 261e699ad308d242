// From a new process to the first prediction of a saved network, beyond what Node itself takes: milliseconds, and the most memory
// that the process held. Each takes its turn in every round. "--rounds N" (default 15).

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { dense, sequential } from "lanewise";

const WORKERS = fileURLToPath(new URL("../../../../bench/coldStart/workers/", import.meta.url));
/** By the worker's name: what it does. The first is what the others are compared with. */
const STARTS = {
  node: "Node itself",
  model: "lanewise, loadModel, compiled",
  bare: "lanewise, loadModel, not compiled",
  predictor: "lanewise/predict, loadPredictor",
};
const MIB = 1024 * 1024;

interface Start {
  readonly milliseconds: number;
  readonly bytes: number;
}

/** 784-300-100-10, saved as it is and compiled. */
async function saveModels(folder: string): Promise<number> {
  const layers = [300, 100].map((units) => dense(units, { activation: "relu" }));
  const model = await sequential({
    inputShape: 784,
    layers: [...layers, dense(10, { activation: "softmax" })],
    seed: 1,
  });
  await model.save(join(folder, "bare.safetensors"));
  model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  await model.save(join(folder, "model.safetensors"));
  return statSync(join(folder, "bare.safetensors")).size;
}

function start(worker: string, folder: string): Start {
  const script = join(WORKERS, `${worker === "bare" ? "model" : worker}.mjs`);
  const file = join(folder, worker === "model" ? "model.safetensors" : "bare.safetensors");
  const began = performance.timeOrigin + performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, file], { encoding: "utf8" });
  if (status !== 0) throw new Error(`${worker} ended with ${status}\n${stderr}`);
  const { reached, bytes } = JSON.parse(stdout) as { reached: number; bytes: number };
  return { milliseconds: reached - began, bytes };
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.round((values.length - 1) * share)]!;
}

function report(starts: ReadonlyMap<string, readonly Start[]>, modelBytes: number): void {
  const figures = (name: string, key: keyof Start) => starts.get(name)!.map((found) => found[key]);
  const [bareTime, bareBytes] = (["milliseconds", "bytes"] as const).map((key) => quantile(figures("node", key), 0.5));
  console.log(
    `Node itself: ${bareTime!.toFixed(1)} ms, ${(bareBytes! / MIB).toFixed(1)} MiB; the model: ${(modelBytes / MIB).toFixed(1)} MiB\n`,
  );
  console.log(`${"beyond Node itself".padEnd(36)}median ms  quartiles      MiB  beyond the model  of Node + model`);
  for (const [name, title] of Object.entries(STARTS).slice(1)) {
    const [low, median, high] = [0.25, 0.5, 0.75].map((q) => quantile(figures(name, "milliseconds"), q) - bareTime!);
    const bytes = quantile(figures(name, "bytes"), 0.5);
    const beyond = bytes - bareBytes!;
    console.log(
      title.padEnd(36) +
        median!.toFixed(1).padStart(9) +
        `${low!.toFixed(1)}–${high!.toFixed(1)}`.padStart(11) +
        (beyond / MIB).toFixed(1).padStart(9) +
        ((beyond - modelBytes) / MIB).toFixed(1).padStart(18) +
        (bytes / (bareBytes! + modelBytes)).toFixed(2).padStart(17),
    );
  }
}

const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" } } });
const folder = mkdtempSync(join(tmpdir(), "lanewise-cold-"));
try {
  const modelBytes = await saveModels(folder);
  console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.version}, ${values.rounds} rounds`);
  const starts = new Map<string, Start[]>(Object.keys(STARTS).map((name) => [name, []]));
  for (const name of starts.keys()) start(name, folder); // files come from the disk once
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [name, found] of starts) found.push(start(name, folder));
  }
  report(starts, modelBytes);
} finally {
  rmSync(folder, { recursive: true });
}
