#!/usr/bin/env node
// Teaches from embeddings in a file: one JSON object a line, { "label": "cat", "embedding": [0.1, …] }.

import { readFile, rename, writeFile } from "node:fs/promises";
import { Teachable } from "./teachable.js";

const HELP = `Usage: node cli.js learn MODEL SAMPLES     adds samples to MODEL, which is made if
                                          it is not there, and learns from all
       node cli.js classify MODEL SAMPLES prints the likeliest label of each

SAMPLES holds one JSON object a line: {"label": "cat", "embedding": [0.1, 0.7]};
to classify, the label may be left out.
`;

async function main([command, model, samples, ...rest]) {
  if (!["learn", "classify"].includes(command) || samples === undefined || rest.length > 0)
    return console.log(HELP.trimEnd());
  return command === "learn" ? learn(model, samples) : classify(model, samples);
}

async function learn(model, samples) {
  const teachable = (await loaded(model)) ?? new Teachable();
  for (const { label, embedding } of await linesOf(samples)) teachable.add(label, embedding);
  const lesson = await teachable.learn();
  await writeFile(`${model}.part`, JSON.stringify(teachable));
  await rename(`${model}.part`, model); // never half a file
  const expected =
    lesson.accuracy === undefined ? "unknown: five samples of each label tell" : lesson.accuracy.toFixed(3);
  console.log(
    `${lesson.samples} samples of ${teachable.labels.join(", ")}: learned in ${lesson.milliseconds.toFixed(0)} ms`,
  );
  console.log(`accuracy to expect: ${expected}`);
}

async function classify(model, samples) {
  const teachable = await loaded(model);
  if (teachable === undefined) throw new Error(`There is no ${model}: make it with "learn" first.`);
  for (const { embedding } of await linesOf(samples)) {
    const [{ label, probability }] = teachable.classify(embedding);
    console.log(`${label}\t${probability.toFixed(3)}`);
  }
}

async function loaded(path) {
  try {
    return await Teachable.fromJSON(await readFile(path, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function linesOf(path) {
  const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line.trim() !== "");
  return lines.map((line, i) => {
    try {
      return JSON.parse(line);
    } catch {
      throw new Error(`${path}, line ${i + 1}: this is no JSON.`);
    }
  });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(`teachable: ${error.message}`);
  process.exitCode = 1;
}
