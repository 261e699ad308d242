// Reports of real networks; the findings are written by hand, since what is tested here is how they are shown.

import type { LayerObservation, Observation } from "../../src/diagnostics/observation.js";
import type { Course, Finding, LayerReport, ReportData } from "../../src/diagnostics/report.js";
import { loadDigits } from "../../src/data/index.js";
import { adam, type Callback, dense, type LayerSpec, randomNormal, rescaling, sequential } from "../../src/index.js";

const length = (norms: readonly (number | undefined)[]): number | undefined =>
  norms.every((norm) => norm === undefined)
    ? undefined
    : Math.sqrt(norms.reduce<number>((sum, norm = 0) => sum + norm * norm, 0));

function defined<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}

export function layerReportOf(observation: LayerObservation): LayerReport {
  const { name, className, output, weights, units, deadUnits, saturatedFraction } = observation;
  const weightNorm = length(weights.map(({ norm }) => norm));
  const updateNorm = length(weights.map((weight) => weight.updateNorm));
  return {
    name,
    className,
    activationMean: output.mean,
    activationStd: output.std,
    observation,
    ...defined({
      gradientNorm: length(weights.map(({ gradientNorm }) => gradientNorm)),
      weightNorm,
      updateRatio: weightNorm && updateNorm !== undefined ? updateNorm / weightNorm : undefined,
      deadFraction: deadUnits === undefined ? undefined : deadUnits / units,
      saturatedFraction,
    }),
  } as LayerReport;
}

/** Two epochs on the digits, observed in every fifth step. */
async function trained(subject: string, layers: LayerSpec[], findings: Finding[]): Promise<ReportData> {
  const { x, y } = (await loadDigits()).train;
  const model = await sequential({ inputShape: 64, layers: [rescaling({ scale: 1 / 16 }), ...layers], seed: 1 });
  model.compile({ optimizer: adam(), loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  const seen: Observation[] = [];
  const loss: number[] = [];
  const watch: Callback = {
    observeEvery: 5,
    onObservation(observation, logs) {
      seen.push(observation);
      loss.push(logs.loss!);
    },
  };
  const { history } = await model.fit(x, y, { epochs: 4, validationSplit: 0.2, callbacks: [watch] });
  const reports = seen.map((observation) => observation.layers.map(layerReportOf));
  const course: Course = {
    steps: seen.map(({ step }) => step),
    loss,
    updateRatio: Object.fromEntries(
      reports[0]!.map(({ name }, i) => [name, reports.map((report) => report[i]!.updateRatio)]),
    ),
    epochs: history,
  };
  return { subject, layers: reports.at(-1)!, findings, course };
}

export function healthy(): Promise<ReportData> {
  const hidden = [128, 96, 64, 32].map((units, i) => dense(units, { activation: "relu", name: `hidden${i + 1}` }));
  const layers = [...hidden, dense(10, { activation: "softmax", name: "output" })];
  return trained("64-128-96-64-32-10 on the digits, 1,437 rows", layers, []);
}

export function vanishing(): Promise<ReportData> {
  const kernelInitializer = randomNormal({ stddev: 1 });
  const hidden = Array.from({ length: 8 }, (_, i) =>
    dense(64, { activation: "sigmoid", kernelInitializer, name: `hidden${i + 1}` }),
  );
  const layers = [...hidden, dense(10, { activation: "softmax", name: "output" })];
  return trained("64-64×8-10 with sigmoids and weights from N(0, 1), 1,437 rows", layers, [
    {
      severity: "error",
      problem: "saturation",
      layer: "hidden3",
      evidence:
        "44% of its outputs are where the sigmoid's slope is below 0.0125; so are more than 30% in hidden2 … hidden8.",
      cure: 'dense(64, { activation: "sigmoid", kernelInitializer: glorotUniform() })',
      remedies: [],
    },
    {
      severity: "warning",
      problem: "vanishingGradient",
      layer: "hidden8",
      evidence: "The gradient's norm falls by a factor of 6.7 from output to hidden8.",
      cure: 'Use ReLU with He initialization:\ndense(64, { activation: "relu" })',
      remedies: [],
    },
  ]);
}

/** One layer of a report, many times over. */
export function repeated(data: ReportData, count: number, name = (i: number) => `layer${i + 1}`): ReportData {
  const one = data.layers[1]!;
  const layers = Array.from({ length: count }, (_, i) => ({
    ...one,
    name: name(i),
    gradientNorm: 1e-3 * 0.8 ** i,
  }));
  const { course: _, ...rest } = data;
  return { ...rest, layers };
}
