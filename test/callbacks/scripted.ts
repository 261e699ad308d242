// A real fit whose validation figure is written in advance.

import { type Callback, type CompileOptions, type FitOptions, type History, type Model, sgd } from "../../src/index.js";
import { classifier, samples, weightsOf } from "../model/helpers.js";

const { x, y } = samples(8);
export const data = { x, y, validationData: [x, y] as const };

/** A classifier whose `val_score` in the nth validation is figures[n]. */
export async function scripted(figures: readonly number[], compile: Partial<CompileOptions> = {}): Promise<Model> {
  let n = 0;
  const score = () => figures[n++]!;
  return classifier({ optimizer: sgd({ learningRate: 0.5 }), metrics: [score], ...compile });
}

/** What a fit over these figures does, an epoch each; `weights[n]` are those after epoch n. */
export async function fitScripted(
  figures: readonly number[],
  callbacks: readonly Callback[],
  options: FitOptions = {},
): Promise<{ model: Model; history: History; weights: Record<string, number[]>[] }> {
  const model = await scripted(figures);
  const weights: Record<string, number[]>[] = [];
  const witness: Callback = { name: "witness", onEpochEnd: () => void weights.push(weightsOf(model)) };
  const { validationData } = data;
  const all = { epochs: figures.length, validationData, ...options, callbacks: [witness, ...callbacks] };
  const history = await model.fit(x, y, all);
  return { model, history, weights };
}
