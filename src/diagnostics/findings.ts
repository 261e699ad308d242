// The rules: what is wrong with a network, on what evidence, and what cures it. One row a problem; the docs' table follows.

import { type Cure, codeOfCure, type CureKind, curesOf, type Remedy, textOfCure } from "./cures.js";
import type { Facts } from "./facts.js";
import type { LayerObservation } from "./observation.js";
import type { Finding, Problem } from "./report.js";

/** A finding before it is known whether the network learns all the same. */
interface Symptom {
  readonly layer?: LayerObservation;
  readonly evidence: string;
  /** Those of the rule's that go with it, where not all do. */
  readonly cures?: readonly CureKind[];
  /** In place of the rule's; "" for none. */
  readonly advice?: string;
  /** It cannot learn, whatever a trial says; or it is no more than a warning, whatever that says. */
  readonly certain?: "error" | "warning";
}

export interface Rule {
  /** What it means, for the docs. */
  readonly meaning: string;
  /** When it is found, for the docs, with the reason for the figure. */
  readonly threshold: string;
  readonly source?: string;
  /** The likeliest first. */
  readonly cures: readonly CureKind[];
  /** What else may help and no program does. */
  readonly advice?: string;
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
  /** It is no better than the trivial predictor, and does not head for it: that it is ill is known, and only of what is not. */
  readonly stuck: boolean;
}

/** A threshold that would cry wolf where a network learns may be the stricter where it is stuck. */
interface Threshold {
  readonly usual: number;
  readonly stuck: number;
}

const limitOf = ({ usual, stuck }: Threshold, outcome: Outcome): number => (outcome.stuck ? stuck : usual);

// ── Thresholds ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** A gradient that lost three digits on its way; He, Glorot and LeCun lose less than two through a hundred layers. */
const VANISHED: Threshold = { usual: 1e-3, stuck: 0.05 };
/** Grown a thousand times towards the input. */
const EXPLODED = 1e3;
/** Pre-activations of this size, where all initializers aim at 1. */
const HUGE_ACTIVATION = 1e3;
/** Deep rectified networks lose half of their units to correlation alone. */
const DEAD_SHARE = 0.8;
/** Of outputs of functions that flatten out: half of them learn a twentieth of what they could, or less. */
const SATURATED_SHARE: Threshold = { usual: 0.5, stuck: 0.2 };
/** Twice what weights are drawn for: saturated units may then be the inputs' fault. */
const UNEVEN_INPUT = 2;
/** Inputs of this size, where weights are drawn for inputs near 1: raw pixels have 80 to 130. */
const LARGE_INPUT = 20;
const SMALL_INPUT: Threshold = { usual: 1e-3, stuck: 0.02 };
const CONSTANT_SHARE = 0.9;
const MAJORITY = 0.95;
/** Steps change a weight by a thousandth to a hundredth of itself where training goes well. */
const LARGE_UPDATE: Threshold = { usual: 0.1, stuck: 0.01 };
/** A loss that so grows within a trial is on its way to infinity. */
const BURST = 3;
const SMALL_UPDATE: Threshold = { usual: 1e-3, stuck: 3e-3 };
/** Loss that a network must get below to have learned anything, as a share of the trivial predictor's … */
const BELOW_TRIVIAL = 0.95;
/** … and above which it is no better, … */
const NO_BETTER = 0.99;
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

/** Numbers outgrow what 32 bits hold: weights or inputs are too large. */
const OVERFLOW: Pick<Symptom, "cures" | "advice"> = { cures: ["scaler", "initializer", "batchNorm"], advice: "" };

// ── Rules ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export const RULES: Readonly<Record<Problem, Rule>> = {
  nonFinite: {
    meaning: "NaN or infinite numbers in a layer, a weight or a gradient",
    threshold: "one is enough: everything behind it is lost",
    cures: ["scaler", "initializer", "batchNorm", "lowerRate", "clip"],
    advice: "Load weights from before they overflowed.",
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
            layer: ill,
            certain: "error",
            evidence: `${nonFinite} of ${count} numbers in ${what} are NaN or infinite`,
            ...(weight ? { cures: ["lowerRate", "clip"] } : OVERFLOW),
          },
        ];
      }
      const gradient = observation.layers.find((layer) => (layer.gradient?.nonFinite ?? 0) > 0);
      if (gradient) {
        return [
          {
            layer: gradient,
            certain: "error",
            evidence: `${gradient.gradient!.nonFinite} of ${gradient.gradient!.count} gradients at ${gradient.name} are NaN or infinite`,
            ...OVERFLOW,
          },
        ];
      }
      if (Number.isFinite(trial.before)) return [];
      const advice = "Scale the targets to about 1.";
      return [{ certain: "error", evidence: `the loss is ${trial.before}`, cures: ["scaler"], advice }];
    },
  },
  explodingGradient: {
    meaning: "gradients or activations grow from layer to layer",
    threshold: `the gradient at the first layer is ${EXPLODED} times that at the last, or pre-activations exceed ${HUGE_ACTIVATION}`,
    source: "Pascanu, Mikolov, Bengio 2013, ICML; Glorot, Bengio 2010, AISTATS",
    cures: ["initializer", "clip", "batchNorm"],
    find({ observation, entry }) {
      const hidden = profile(observation.layers);
      const scale = Math.max(1, entry.rms);
      const huge = hidden.find(({ preActivation, output }) => (preActivation ?? output).rms > HUGE_ACTIVATION * scale);
      const [first, last] = [hidden[0], hidden.at(-1)];
      const ratio = first && last ? first.gradient!.rms / last.gradient!.rms : 1;
      if (!huge && !(ratio > EXPLODED)) return [];
      const layer = huge ?? first!;
      return [
        {
          layer,
          evidence: huge
            ? `pre-activations of ${layer.name} have a root mean square of ${show((layer.preActivation ?? layer.output).rms)}`
            : `the gradient grows ${show(ratio)} times from ${last!.name} to ${first!.name}`,
        },
      ];
    },
  },
  vanishingGradient: {
    meaning: "the gradient dies out on its way to the first layers",
    threshold: `the gradient at the first hidden layer is less than ${VANISHED.usual} of that at the last; ${VANISHED.stuck}, if the network is stuck`,
    source: "Hochreiter 1991; Glorot, Bengio 2010, AISTATS; He et al. 2015, arXiv:1502.01852",
    cures: ["initializer", "batchNorm", "activation", "fewerLayers"],
    find({ observation }, outcome) {
      const hidden = profile(observation.layers);
      const [first, last] = [hidden[0], hidden.at(-1)];
      if (!first || hidden.length < 3) return [];
      const ratio = first.gradient!.rms / Math.max(last!.gradient!.rms, 1e-38);
      if (!(ratio < limitOf(VANISHED, outcome))) return [];
      return [
        {
          layer: first,
          ...(first.saturatedFraction === undefined && { cures: ["initializer", "batchNorm", "fewerLayers"] }),
          evidence: `the gradient at ${first.name} is ${show(ratio)} of that at ${last!.name}, ${hidden.length - 1} layers on`,
        },
      ];
    },
  },
  deadUnits: {
    meaning: "units whose activation has derivative 0 for every row: nothing that they do is learned from",
    threshold: `${percent(DEAD_SHARE)} of a layer's units`,
    source: "Maas, Hannun, Ng 2013, ICML",
    cures: ["initializer", "activation", "lowerRate"],
    advice: "Units that are dead stay so: begin with new weights.",
    find: ({ observation }) =>
      observation.layers
        .filter(({ deadUnits = 0, units, trainable }) => trainable && units >= 4 && deadUnits / units >= DEAD_SHARE)
        .slice(0, 1)
        .map((layer) => ({
          layer,
          evidence: `${layer.deadUnits} of ${layer.units} units of ${layer.name} (${layer.activation}) are active for no row`,
        })),
  },
  saturation: {
    meaning: "outputs of sigmoid, tanh and their kind lie where they are flat",
    threshold: `${percent(SATURATED_SHARE.usual)} of a hidden layer's outputs have a derivative below a twentieth of its greatest; ${percent(SATURATED_SHARE.stuck)}, if the network is stuck`,
    source: "Glorot, Bengio 2010, AISTATS",
    cures: ["initializer", "batchNorm", "scaler"],
    find: ({ observation, entry }, outcome) =>
      observation.layers
        .slice(0, -1)
        .filter(
          ({ saturatedFraction = 0, trainable }) => trainable && saturatedFraction >= limitOf(SATURATED_SHARE, outcome),
        )
        .slice(0, 1)
        .map((layer) => ({
          layer,
          evidence: `${percent(layer.saturatedFraction!)} of the outputs of ${layer.name} (${layer.activation}) are saturated`,
          ...((entry.normalized || entry.rms <= UNEVEN_INPUT) && { cures: ["initializer", "batchNorm"] }),
        })),
  },
  unscaledInput: {
    meaning: "inputs far larger or smaller than the 1 that weights are drawn for",
    threshold: `what reaches the first weights has a root mean square above ${LARGE_INPUT} or below ${SMALL_INPUT.usual} (${SMALL_INPUT.stuck}, if the network is stuck), and no normalization follows; a warning where the loss falls all the same`,
    source: "LeCun, Bottou, Orr, Müller 1998, Efficient BackProp",
    cures: ["rescaling", "scaler"],
    find({ entry, inputs }, outcome) {
      if (entry.normalized || (entry.rms <= LARGE_INPUT && entry.rms >= limitOf(SMALL_INPUT, outcome))) return [];
      const [input] = [...inputs].sort((a, b) => b.largest.rms - a.largest.rms);
      return [
        {
          ...(outcome.heads && !outcome.learned && { certain: "warning" }),
          evidence: `inputs have a root mean square of ${show(entry.rms)}; column ${input!.largest.column} of ${input!.name} of ${show(input!.largest.rms)}`,
        },
      ];
    },
  },
  constantFeature: {
    meaning: "columns that hold the same number in every row tell nothing",
    threshold: `a column of one value other than 0, or ${percent(CONSTANT_SHARE)} of all columns; borders of images, always 0, are none`,
    cures: [],
    advice: "Leave them out, and see whether the data were read as they should.",
    find: ({ inputs }) =>
      inputs
        .filter(({ constant, constantShare }) => constant.length > 0 || constantShare >= CONSTANT_SHARE)
        .map(({ name, constant, constantShare }) => ({
          certain: "warning",
          evidence:
            constant.length > 0
              ? `${constant.length > 1 ? "columns" : "column"} ${list(constant)} of ${name} ${constant.length > 1 ? "hold" : "holds"} one value`
              : `${percent(constantShare)} of the columns of ${name} never change`,
        })),
  },
  labelImbalance: {
    meaning: "nearly all rows are of one class: always saying so is nearly always right",
    threshold: `${percent(MAJORITY)} of the rows`,
    source: "He, Garcia 2009, IEEE TKDE 21(9)",
    cures: ["classWeight"],
    advice: 'Watch metrics: ["f1Score"] rather than accuracy.',
    find: ({ classes }) =>
      classes.flatMap(({ name, counts, labels }) => {
        const total = counts.reduce((sum, count) => sum + count, 0);
        const most = Math.max(...counts);
        if (counts.length < 2 || total < 20 || most / total < MAJORITY) return [];
        const label = labels[counts.indexOf(most)];
        return [{ certain: "warning" as const, evidence: `${most} of ${total} rows of ${name} are of class ${label}` }];
      }),
  },
  learningRateTooHigh: {
    meaning: "steps are so large that the loss grows",
    threshold: `a step changes weights by more than ${LARGE_UPDATE.usual} of themselves (${LARGE_UPDATE.stuck}, if the network is stuck), an error where nothing is learned so; or the loss becomes ${BURST} times as large, beyond that of a network that has learned, or infinite`,
    source: "Smith 2017, arXiv:1506.01186",
    cures: ["lowerRate"],
    advice: "Ask model.findLearningRate(x, y).",
    find({ trial, trivialLoss = trial.before }, outcome) {
      const halted = Number.isFinite(trial.before) && !Number.isFinite(trial.after);
      const burst = trial.after > Math.max(trial.before * BURST, trivialLoss * HAS_LEARNED);
      if (!halted && !burst && !(trial.updateRatio > limitOf(LARGE_UPDATE, outcome))) return [];
      return [
        {
          certain: halted || burst || !outcome.learns ? "error" : "warning",
          evidence: `in ${trial.steps} steps at ${show(trial.learningRate)} the loss went from ${show(trial.before)} to ${show(trial.after)}; a step changes weights by ${show(trial.updateRatio)} of themselves`,
        },
      ];
    },
  },
  learningRateTooLow: {
    meaning: "steps are so small that nothing changes",
    threshold: `the trial does not learn, and a step changes weights by less than ${SMALL_UPDATE.usual} of themselves; ${SMALL_UPDATE.stuck}, if the network is stuck`,
    source: "Smith 2017, arXiv:1506.01186",
    cures: ["higherRate"],
    advice: "Ask model.findLearningRate(x, y).",
    find({ trial }, outcome) {
      const { learned, learns, heads } = outcome;
      if (learned || learns || heads || !(trial.updateRatio < limitOf(SMALL_UPDATE, outcome))) return [];
      return [
        {
          certain: "error",
          evidence: `a step at ${show(trial.learningRate)} changes weights by ${show(trial.updateRatio)} of themselves`,
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
  const all = diagnosed(facts);
  // What a rate is to blame for is not what the network itself is to blame for: the cause comes first and alone.
  const causes = all.some((finding) => finding.severity === "error" && !ofRate(finding));
  const kept = all.filter(({ problem }) => !(causes && problem === "learningRateTooLow"));
  return kept.sort((a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"));
}

/**
 * What may be tried: each cure by itself; and where the learning rate may be at fault too, the others with the rate that its
 * rule would tell, also where the finding gives way to a cause.
 */
export function remediesOf(facts: Facts): Remedy[] {
  const all = diagnosed(facts);
  const told = findingsOf(facts).map(({ problem }) => problem);
  const cures = all.flatMap(({ problem, remedies }) => (told.includes(problem) ? remedies : []));
  const rates = all.flatMap((finding) => (ofRate(finding) ? finding.remedies : []));
  const others = cures.filter(({ kind }) => kind !== "lowerRate" && kind !== "higherRate");
  return [...cures.map((cure) => [cure]), ...rates.flatMap((rate) => others.map((cure) => [cure, rate]))];
}

const ofRate = ({ problem }: Finding): boolean => problem.startsWith("learningRate");

function diagnosed(facts: Facts): Finding[] {
  const outcome = outcomeOf(facts);
  return (Object.entries(RULES) as [Problem, Rule][]).flatMap(([problem, rule]) =>
    rule.find(facts, outcome).flatMap((symptom): Finding[] => {
      const { certain, layer, evidence, cures: fitting = rule.cures, advice = rule.advice } = symptom;
      if (!certain && outcome.learned) return [];
      const severity = certain ?? (outcome.learns ? "warning" : "error");
      const kinds = rule.cures.filter((kind) => fitting.includes(kind));
      const cures = kinds.flatMap((kind) => curesOf(kind, facts, layer));
      const cure = sentencesOf(cures, advice);
      return [{ severity, problem, ...(layer && { layer: layer.name }), evidence, cure, remedies: cures }];
    }),
  );
}

/** What to do, in a sentence: one cure or another; then what no program does. */
function sentencesOf(cures: readonly Cure[], advice: string | undefined): string {
  const clauses = cures.map((cure) => `${textOfCure(cure)} (${codeOfCure(cure).replace(/^\/\/ /, "")})`).join("; or ");
  const sentence = clauses === "" ? [] : [`${clauses[0]!.toUpperCase()}${clauses.slice(1)}.`];
  return [...sentence, ...(advice ? [advice] : [])].join(" ");
}

function outcomeOf({ trial: { before, middle, after }, trivialLoss = before, early }: Facts): Outcome {
  const goal = Math.min(before, trivialLoss) * BELOW_TRIVIAL;
  const learns = early || after < goal;
  // A loss that rose first may only be on its way back.
  const heads = middle < before && after * (after / middle) ** HORIZON < goal;
  return {
    learned: before < trivialLoss * HAS_LEARNED,
    learns,
    heads,
    stuck: !learns && !heads && after > trivialLoss * NO_BETTER,
  };
}

/** Layers with an activation through which a gradient goes, from the input on; the output's own stands last. */
function profile(layers: readonly LayerObservation[]): LayerObservation[] {
  return layers.filter(
    ({ gradient, weights }) => gradient !== undefined && gradient.count > gradient.nonFinite && weights.length > 0,
  );
}

function list(columns: readonly number[]): string {
  return columns.slice(0, 5).join(", ") + (columns.length > 5 ? ` and ${columns.length - 5} more` : "");
}
