// The rules: what is wrong with a network, on what evidence, and what cures it. One row a problem; the docs' table follows.

import type { Facts } from "./facts.js";
import type { LayerObservation } from "./observation.js";
import type { Finding, Problem } from "./report.js";

/** A finding before it is known whether the network learns all the same. */
interface Symptom {
  readonly layer?: string;
  readonly evidence: string;
  readonly cure: string;
  /** It cannot learn, whatever a trial says; or it is no more than a warning, whatever that says. */
  readonly certain?: "error" | "warning";
}

interface Rule {
  /** What it means, for the docs. */
  readonly meaning: string;
  /** When it is found, for the docs, with the reason for the figure. */
  readonly threshold: string;
  readonly source?: string;
  readonly find: (facts: Facts, outcome: Outcome) => readonly Symptom[];
}

/** What a trial says of the network, whatever its figures are. */
interface Outcome {
  /** It has learned: its loss is far below the trivial predictor's. */
  readonly learned: boolean;
  /** At the end of the trial its loss is below the trivial predictor's; or it is too early to say. */
  readonly learns: boolean;
  /** Its loss falls so fast that it soon will be. */
  readonly heads: boolean;
}

// ── Thresholds ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** A gradient that lost three digits on its way; He, Glorot and LeCun lose less than two through a hundred layers. */
const VANISHED = 1e-3;
/** Grown a thousand times towards the input. */
const EXPLODED = 1e3;
/** Pre-activations of this size, where all initializers aim at 1. */
const HUGE_ACTIVATION = 1e3;
/** Deep rectified networks lose half of their units to correlation alone. */
const DEAD_SHARE = 0.8;
/** Of outputs of functions that flatten out: half of them learn a twentieth of what they could, or less. */
const SATURATED_SHARE = 0.5;
/** Inputs of this size, where weights are drawn for inputs near 1: raw pixels have 80 to 130. */
const LARGE_INPUT = 20;
const SMALL_INPUT = 1e-3;
const CONSTANT_SHARE = 0.9;
const MAJORITY = 0.95;
/** Steps change a weight by a thousandth to a hundredth of itself where training goes well. */
const LARGE_UPDATE = 0.1;
/** A loss that so grows within a trial is on its way to infinity. */
const BURST = 3;
const SMALL_UPDATE = 1e-3;
/** Loss that a network must get below to have learned anything, as a share of the trivial predictor's … */
const BELOW_TRIVIAL = 0.95;
/** … within so many halves of the trial's steps, each taking as large a part of the loss as the second half did. */
const HORIZON = 4;
/** So far below the trivial predictor's loss, a network has learned, and its figures are those of one that has. */
const HAS_LEARNED = 0.5;

const show = (value: number): string => {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e4) ? value.toExponential(1) : String(Number(value.toPrecision(3)));
};
const percent = (share: number): string => `${Math.round(share * 100)} %`;

// ── Rules ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export const RULES: Readonly<Record<Problem, Rule>> = {
  nonFinite: {
    meaning: "NaN or infinite numbers in a layer, a weight or a gradient",
    threshold: "one is enough: everything behind it is lost",
    find({ observation, trial }) {
      const ill = observation.layers.find(
        ({ output, weights }) => output.nonFinite > 0 || weights.some((weight) => weight.weights.nonFinite > 0),
      );
      if (ill) {
        const weight = ill.weights.find(({ weights }) => weights.nonFinite > 0);
        const [what, { nonFinite, count }] = weight
          ? [weight.name, weight.weights]
          : [`the output of ${ill.name}`, ill.output];
        return [
          {
            layer: ill.name,
            certain: "error",
            evidence: `${nonFinite} of ${count} numbers in ${what} are NaN or infinite`,
            cure: weight
              ? "Load weights from before they overflowed, and train with a lower learning rate or clip: clipByGlobalNorm(1)."
              : 'Scale the inputs to about 1, draw smaller weights (kernelInitializer: "auto"), or normalize: batchNorm().',
          },
        ];
      }
      const gradient = observation.layers.find((layer) => (layer.gradient?.nonFinite ?? 0) > 0);
      if (gradient) {
        return [
          {
            layer: gradient.name,
            certain: "error",
            evidence: `${gradient.gradient!.nonFinite} of ${gradient.gradient!.count} gradients at ${gradient.name} are NaN or infinite`,
            cure: 'Draw smaller weights (kernelInitializer: "auto"), scale the inputs to about 1, or normalize: batchNorm().',
          },
        ];
      }
      return Number.isFinite(trial.before)
        ? []
        : [{ certain: "error", evidence: `the loss is ${trial.before}`, cure: "Scale inputs and targets to about 1." }];
    },
  },
  explodingGradient: {
    meaning: "gradients or activations grow from layer to layer",
    threshold: `the gradient at the first layer is ${EXPLODED} times that at the last, or pre-activations exceed ${HUGE_ACTIVATION}`,
    source: "Pascanu, Mikolov, Bengio 2013, ICML; Glorot, Bengio 2010, AISTATS",
    find({ observation, entry }) {
      const hidden = profile(observation.layers);
      const scale = Math.max(1, entry.rms);
      const huge = hidden.find(({ preActivation, output }) => (preActivation ?? output).rms > HUGE_ACTIVATION * scale);
      const [first, last] = [hidden[0], hidden.at(-1)];
      const ratio = first && last ? first.gradient!.rms / last.gradient!.rms : 1;
      if (!huge && !(ratio > EXPLODED)) return [];
      const layer = huge ?? first!;
      const norm = Math.sqrt(
        observation.layers
          .flatMap(({ weights }) => weights)
          .reduce((sum, { gradientNorm = 0 }) => sum + gradientNorm ** 2, 0),
      );
      return [
        {
          layer: layer.name,
          evidence: huge
            ? `pre-activations of ${layer.name} have a root mean square of ${show((layer.preActivation ?? layer.output).rms)}`
            : `the gradient grows ${show(ratio)} times from ${last!.name} to ${first!.name}`,
          cure: `${initialize(layer)}, or clip: clipByGlobalNorm(${suggestClip(norm)}), or a batchNorm() before each activation.`,
        },
      ];
    },
  },
  vanishingGradient: {
    meaning: "the gradient dies out on its way to the first layers",
    threshold: `the gradient at the first hidden layer is less than ${VANISHED} of that at the last`,
    source: "Hochreiter 1991; Glorot, Bengio 2010, AISTATS; He et al. 2015, arXiv:1502.01852",
    find({ observation }) {
      const hidden = profile(observation.layers);
      const [first, last] = [hidden[0], hidden.at(-1)];
      if (!first || hidden.length < 3) return [];
      const ratio = first.gradient!.rms / Math.max(last!.gradient!.rms, 1e-38);
      if (!(ratio < VANISHED)) return [];
      return [
        {
          layer: first.name,
          evidence: `the gradient at ${first.name} is ${show(ratio)} of that at ${last!.name}, ${hidden.length - 1} layers on`,
          cure: `${initialize(first)}, a batchNorm() before each activation, or fewer layers.`,
        },
      ];
    },
  },
  deadUnits: {
    meaning: "units whose activation has derivative 0 for every row: nothing that they do is learned from",
    threshold: `${percent(DEAD_SHARE)} of a layer's units`,
    source: "Maas, Hannun, Ng 2013, ICML",
    find: ({ observation }) =>
      observation.layers
        .filter(({ deadUnits = 0, units, trainable }) => trainable && units >= 4 && deadUnits / units >= DEAD_SHARE)
        .slice(0, 1)
        .map(({ name, deadUnits, units, activation }) => ({
          layer: name,
          evidence: `${deadUnits} of ${units} units of ${name} (${activation}) are active for no row`,
          cure: `Draw its weights by heNormal() with biases "zeros", use leakyRelu() or elu(), or train with a lower learning rate; units that are dead stay so: begin with new weights.`,
        })),
  },
  saturation: {
    meaning: "outputs of sigmoid, tanh and their kind lie where they are flat",
    threshold: `${percent(SATURATED_SHARE)} of a hidden layer's outputs have a derivative below a twentieth of its greatest`,
    source: "Glorot, Bengio 2010, AISTATS",
    find: ({ observation }) =>
      observation.layers
        .slice(0, -1)
        .filter(({ saturatedFraction = 0, trainable }) => trainable && saturatedFraction >= SATURATED_SHARE)
        .slice(0, 1)
        .map((layer) => ({
          layer: layer.name,
          evidence: `${percent(layer.saturatedFraction!)} of the outputs of ${layer.name} (${layer.activation}) are saturated`,
          cure: `${initialize(layer)}, smaller inputs, or a batchNorm() before the activation.`,
        })),
  },
  unscaledInput: {
    meaning: "inputs far larger or smaller than the 1 that weights are drawn for",
    threshold: `what reaches the first weights has a root mean square above ${LARGE_INPUT} or below ${SMALL_INPUT}, and no normalization follows`,
    source: "LeCun, Bottou, Orr, Müller 1998, Efficient BackProp",
    find({ entry, inputs }) {
      if (entry.normalized || (entry.rms <= LARGE_INPUT && entry.rms >= SMALL_INPUT)) return [];
      const [input] = [...inputs].sort((a, b) => b.largest.rms - a.largest.rms);
      return [
        {
          evidence: `inputs have a root mean square of ${show(entry.rms)}; column ${input!.largest.column} of ${input!.name} of ${show(input!.largest.rms)}`,
          cure: "Put standardScaler().fit(x).layer() (from lanewise/data) first, or rescaling({ scale: 1 / 255 }) for bytes.",
        },
      ];
    },
  },
  constantFeature: {
    meaning: "columns that hold the same number in every row tell nothing",
    threshold: `a column of one value other than 0, or ${percent(CONSTANT_SHARE)} of all columns; borders of images, always 0, are none`,
    find: ({ inputs }) =>
      inputs
        .filter(({ constant, constantShare }) => constant.length > 0 || constantShare >= CONSTANT_SHARE)
        .map(({ name, constant, constantShare }) => ({
          certain: "warning",
          evidence:
            constant.length > 0
              ? `column${constant.length > 1 ? "s" : ""} ${list(constant)} of ${name} hold one value`
              : `${percent(constantShare)} of the columns of ${name} never change`,
          cure: "Leave them out, and see whether the data were read as they should.",
        })),
  },
  labelImbalance: {
    meaning: "nearly all rows are of one class: always saying so is nearly always right",
    threshold: `${percent(MAJORITY)} of the rows`,
    source: "He, Garcia 2009, IEEE TKDE 21(9)",
    find: ({ classes }) =>
      classes.flatMap(({ name, counts }) => {
        const total = counts.reduce((sum, count) => sum + count, 0);
        const most = Math.max(...counts);
        if (counts.length < 2 || total < 20 || most / total < MAJORITY) return [];
        const label = counts.indexOf(most);
        const weight = Math.round(Math.max(2, most / Math.max(1, total - most)));
        const other = label === 0 ? 1 : 0;
        return [
          {
            certain: "warning" as const,
            evidence: `${most} of ${total} rows of ${name} are of class ${label}`,
            cure: `Weigh the others: fit(x, y, { classWeight: { ${other}: ${weight} } }), and watch metrics: ["f1Score"] rather than accuracy.`,
          },
        ];
      }),
  },
  learningRateTooHigh: {
    meaning: "steps are so large that the loss grows",
    threshold: `a step changes weights by more than ${LARGE_UPDATE} of themselves, an error where nothing is learned so; or the loss becomes ${BURST} times as large, or infinite`,
    source: "Smith 2017, arXiv:1506.01186",
    find({ trial }, { learns }) {
      const halted = Number.isFinite(trial.before) && !Number.isFinite(trial.after);
      const burst = trial.after > trial.before * BURST;
      if (!halted && !burst && !(trial.updateRatio > LARGE_UPDATE)) return [];
      const rate = suggestRate(trial.learningRate, trial.updateRatio);
      return [
        {
          certain: halted || burst || !learns ? "error" : "warning",
          evidence: `in ${trial.steps} steps at ${show(trial.learningRate)} the loss went from ${show(trial.before)} to ${show(trial.after)}; a step changes weights by ${show(trial.updateRatio)} of themselves`,
          cure: `Compile with learningRate: ${show(rate)}, or ask model.findLearningRate(x, y).`,
        },
      ];
    },
  },
  learningRateTooLow: {
    meaning: "steps are so small that nothing changes",
    threshold: `the trial does not learn, and a step changes weights by less than ${SMALL_UPDATE} of themselves`,
    source: "Smith 2017, arXiv:1506.01186",
    find({ trial }, { learned, learns, heads }) {
      if (learned || learns || heads || !(trial.updateRatio < SMALL_UPDATE)) return [];
      return [
        {
          certain: "error",
          evidence: `a step at ${show(trial.learningRate)} changes weights by ${show(trial.updateRatio)} of themselves`,
          cure: `Compile with a larger learningRate, such as ${show(suggestRate(trial.learningRate, trial.updateRatio))}, or ask model.findLearningRate(x, y).`,
        },
      ];
    },
  },
};

/**
 * What is wrong, the worst first. A network that has learned, or that learns in the trial, has none of the ills that keep one
 * from it: the same figures are then those of a network at work.
 */
export function findingsOf(facts: Facts): Finding[] {
  const outcome = outcomeOf(facts);
  const findings = (Object.entries(RULES) as [Problem, Rule][]).flatMap(([problem, rule]) =>
    rule.find(facts, outcome).flatMap(({ certain, ...symptom }): Finding[] => {
      if (certain) return [{ problem, severity: certain, ...symptom }];
      if (outcome.learned) return [];
      return [{ problem, severity: outcome.learns ? "warning" : "error", ...symptom }];
    }),
  );
  const causes = findings.some(({ problem, severity }) => severity === "error" && !problem.startsWith("learningRate"));
  // What a rate is to blame for is not what the network itself is to blame for: the cause comes first and alone.
  const kept = findings.filter(({ problem }) => !(causes && problem === "learningRateTooLow"));
  return kept.sort((a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"));
}

function outcomeOf({ trial: { before, middle, after }, trivialLoss = before, early }: Facts): Outcome {
  const goal = Math.min(before, trivialLoss) * BELOW_TRIVIAL;
  const share = after / middle;
  return {
    learned: before < trivialLoss * HAS_LEARNED,
    learns: early || after < goal,
    heads: after * share ** HORIZON < goal,
  };
}

/** Layers with an activation through which a gradient goes, from the input on; the output's own stands last. */
function profile(layers: readonly LayerObservation[]): LayerObservation[] {
  return layers.filter(
    ({ gradient, weights }) => gradient !== undefined && gradient.count > gradient.nonFinite && weights.length > 0,
  );
}

const FITTING: Readonly<Record<string, string>> = {
  selu: "lecunNormal()",
  sigmoid: "glorotUniform()",
  hardSigmoid: "glorotUniform()",
  tanh: "glorotUniform()",
  softsign: "glorotUniform()",
  linear: "glorotUniform()",
};

function initialize({ name, activation }: LayerObservation): string {
  const initializer = activation === undefined ? '"auto"' : (FITTING[activation] ?? "heNormal()");
  return `Draw the weights of ${name} and its like by kernelInitializer: ${initializer}`;
}

function suggestClip(norm: number): string {
  return norm > 0 && Number.isFinite(norm) ? show(Math.min(1, norm)) : "1";
}

/** The rate at which a step would change weights by a three-hundredth of themselves. */
function suggestRate(rate: number, ratio: number): number {
  return ratio > 0 && Number.isFinite(ratio) ? rate * Math.min(1e6, Math.max(1e-6, 3e-3 / ratio)) : rate / 100;
}

function list(columns: readonly number[]): string {
  return columns.slice(0, 5).join(", ") + (columns.length > 5 ? ` and ${columns.length - 5} more` : "");
}
