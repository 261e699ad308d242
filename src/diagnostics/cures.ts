// What cures an ill network: each kind of cure, made of what was seen, in words, as code, and applied to a network that is
// trained anew. One row a kind; texts, trials and the docs' table follow.

import { type ActivationName, ACTIVATIONS, resolveActivation, saturationThreshold } from "../activations/table.js";
import { clipByGlobalNorm } from "../clipping/index.js";
import { standardScaler } from "../data/scalers.js";
import {
  concrete,
  type InitializerDescription,
  type InitializerName,
  resolveInitializer,
} from "../initializers/table.js";
import { activation, batchNorm, type LayerSpec, rescaling } from "../layers/index.js";
import type { Shape } from "../shape.js";
import type { Facts } from "./facts.js";
import type { LayerObservation } from "./observation.js";
import {
  activationBehind,
  activationOf,
  configOf,
  isNormalization,
  isOwn,
  makerOf,
  makesOutput,
  mapLayers,
  ownName,
  type Setup,
  SetupDraft,
  type SetupInput,
  type Step,
  usersOf,
  withConfig,
} from "./setup.js";

/** What each kind of cure is told. */
interface Options {
  initializer: {
    readonly initializer: InitializerName;
    /** The layer that was found to be ill; those with its activation are drawn too. */
    readonly layer: string;
    readonly activation: ActivationName | undefined;
    readonly biases: boolean;
  };
  batchNorm: { readonly activation: ActivationName | undefined };
  fewerLayers: { readonly without: readonly string[] };
  activation: { readonly from: ActivationName; readonly to: ActivationName };
  /** Of a row of each input. */
  scaler: { readonly shapes: readonly Shape[] };
  rescaling: { readonly largest: number };
  clip: { readonly norm: number };
  lowerRate: { readonly rate: number };
  higherRate: { readonly rate: number };
  classWeight: { readonly weights: Readonly<Record<number, number>> };
}

export type CureKind = keyof Options;
type CureOf<K extends CureKind> = { readonly kind: K } & Options[K];
export type Cure = { [K in CureKind]: CureOf<K> }[CureKind];

/** What is tried at once, mostly one cure. */
export type Remedy = readonly Cure[];

interface CureRow<K extends CureKind> {
  /** What is done to which layers, for the docs. */
  readonly meaning: string;
  /** For the docs. */
  readonly example: Options[K];
  /** Those that what was seen suggests, of the layer that is ill, if it is one. */
  readonly make: (facts: Facts, layer: LayerObservation | undefined) => readonly Options[K][];
  /** What to do, as a clause. */
  readonly text: (cure: Options[K]) => string;
  /** In this library's words. */
  readonly code: (cure: Options[K]) => string;
  /** Undefined where it does not go with the network, or changes nothing. */
  readonly apply: (cure: Options[K], setup: Setup) => Setup | undefined;
}

/** Bias that is no more than a shift of what weights make of inputs near 1. */
const USUAL_BIAS = 1;
/** Classes beyond so many are not weighed one by one. */
const MOST_CLASSES = 10;
/** Keras's 0.99 would leave the moving statistics of a short training where they began. */
const MOMENTUM = 0.9;

export const CURES: { readonly [K in CureKind]: CureRow<K> } = {
  initializer: {
    meaning:
      "Draws the kernels of the ill layer, and of all that are not frozen and have its activation, from what fits that activation; biases that are too large from zeros.",
    example: { initializer: "heNormal", layer: "hidden1", activation: "relu", biases: false },
    make({ observation }, layer) {
      const name = layer && activationAfter(observation.layers, layer);
      const drawn = layer && denseBefore(observation.layers, layer);
      const biased = drawn?.weights.some((weight) => weight.name.endsWith("/bias") && weight.weights.rms > USUAL_BIAS);
      return [
        {
          initializer: name === undefined ? "auto" : ACTIVATIONS.rows[name].initializer,
          layer: (drawn ?? layer)?.name ?? "each layer",
          activation: name,
          biases: biased ?? false,
        },
      ];
    },
    text: ({ layer, activation: name }) =>
      name === undefined
        ? "draw all weights to fit their layers' activations"
        : `draw the weights of ${layer} and its like to fit ${name}`,
    code: ({ initializer, biases }) =>
      `kernelInitializer: ${JSON.stringify(initializer)}${biases ? ', biasInitializer: "zeros"' : ""}`,
    apply: ({ initializer, activation: name, biases }, setup) =>
      mapLayers(setup, (spec, i) => {
        if (!learns(spec) || (name !== undefined && activationBehind(setup, i)?.name !== name)) return spec;
        return initialized(spec, { kernelInitializer: initializer, ...(biases && { biasInitializer: "zeros" }) });
      }),
  },
  batchNorm: {
    meaning:
      "Puts a batch normalization before each elementwise activation that has none before it; not before those of an output or of a frozen layer.",
    example: { activation: "relu" },
    make: ({ observation }, layer) => [{ activation: layer && activationAfter(observation.layers, layer) }],
    text: () => "normalize before each activation",
    code: ({ activation: name }) =>
      `batchNorm({ momentum: ${MOMENTUM} })${name === undefined ? "" : `, activation(${JSON.stringify(name)})`}`,
    apply: (_, setup) => normalizedBeforeActivations(setup),
  },
  fewerLayers: {
    meaning:
      "Leaves out every second one of the hidden dense layers that are as wide as the one before, with what follows it.",
    example: { without: ["hidden2", "hidden4"] },
    make({ observation }) {
      const without = everySecond(observation.layers);
      return without.length > 0 ? [{ without }] : [];
    },
    text: () => "take half as many hidden layers",
    code: ({ without }) => `// without ${listed(without)}`,
    apply: ({ without }, setup) =>
      without.reduce<Setup | undefined>((sofar, name) => sofar && bypassed(sofar, name), setup),
  },
  activation: {
    meaning:
      "Exchanges the activation wherever it stands, but in outputs and frozen layers, and draws the kernels before it to fit the new one.",
    example: { from: "relu", to: "leakyRelu" },
    make({ observation }, layer) {
      const from = layer && activationAfter(observation.layers, layer);
      if (from === undefined) return [];
      const others = saturationThreshold(from) > 0 ? (["elu"] as const) : (["leakyRelu", "elu"] as const);
      return others.filter((to) => to !== from).map((to) => ({ from, to }));
    },
    text: ({ from, to }) => `use ${to} in place of ${from}, with weights that fit it`,
    code: ({ to }) =>
      `activation: ${JSON.stringify(to)}, kernelInitializer: ${JSON.stringify(ACTIVATIONS.rows[to].initializer)}`,
    apply: ({ from, to }, setup) =>
      mapLayers(setup, (spec, i) => {
        if (!spec.trainable || makesOutput(setup, i)) return spec;
        const own = activationOf(spec)?.name === from;
        const other = own ? withConfig(spec, { activation: resolveActivation(to) }) : spec;
        const feeds = learns(spec) && activationBehind(setup, i)?.name === from;
        return feeds ? initialized(other, { kernelInitializer: ACTIVATIONS.rows[to].initializer }) : other;
      }),
  },
  scaler: {
    meaning:
      "Scales each column of the inputs to mean 0 and variance 1, in a first layer that is saved with the model.",
    example: { shapes: [[64]] },
    make: ({ inputs }) => [{ shapes: inputs.map(({ shape }) => shape) }],
    text: () => "scale the inputs, by a first layer from lanewise/data",
    code({ shapes }) {
      const code = (x: string) => `standardScaler().fit(${x}).layer()`;
      const written = shapes.map((shape) => (shape.length > 1 ? `[${shape.join(", ")}]` : shape[0]));
      if (written.length <= 1) return code(written.length === 0 ? "x" : `x, { shape: ${written[0]} }`);
      return written.map((shape, i) => code(`x[${i}], { shape: ${shape} }`)).join(", ");
    },
    apply: (_, setup) =>
      scaledBy(setup, ({ data, shape }) => {
        const scaler = standardScaler().fit(data, { shape });
        return (name) => scaler.layer({ name });
      }),
  },
  rescaling: {
    meaning: "Brings bytes to 0 … 1, in a first layer.",
    example: { largest: 255 },
    make: ({ inputs }) => (inputs.some(({ bytes }) => bytes) ? [{ largest: 255 }] : []),
    text: () => "scale bytes, by a first layer",
    code: ({ largest }) => `rescaling({ scale: 1 / ${largest} })`,
    apply: ({ largest }, setup) =>
      scaledBy(setup, ({ data }) =>
        data instanceof Uint8Array ? (name) => rescaling({ scale: 1 / largest, name }) : undefined,
      ),
  },
  clip: {
    meaning: "Clips the gradient of all weights as one vector.",
    example: { norm: 1 },
    make: ({ observation }) => [{ norm: clippingNorm(observation.layers) }],
    text: () => "clip the gradient",
    code: ({ norm }) => `clip: clipByGlobalNorm(${norm})`,
    apply: ({ norm }, setup) => ({ ...setup, clip: clipByGlobalNorm(norm) }),
  },
  lowerRate: {
    meaning:
      "Compiles with a rate that changes weights by some three thousandths of themselves in a step, or a tenth of the rate there was.",
    example: { rate: 0.001 },
    make: ({ trial: { learningRate, updateRatio } }) => [
      {
        rate: rounded(updateRatio > 0 ? learningRate * Math.min(0.1, USUAL_UPDATE / updateRatio) : learningRate / 100),
      },
    ],
    text: () => "take smaller steps",
    code: ({ rate }) => `learningRate: ${rate}`,
    apply: ({ rate }, setup) => withRate(setup, rate),
  },
  higherRate: {
    meaning: "Compiles with a rate that changes weights by some three thousandths of themselves in a step.",
    example: { rate: 0.01 },
    make: ({ trial: { learningRate, updateRatio } }) => [
      { rate: rounded(learningRate * Math.min(MOST_RAISE, USUAL_UPDATE / updateRatio)) },
    ],
    text: () => "take larger steps",
    code: ({ rate }) => `learningRate: ${rate}`,
    apply: ({ rate }, setup) => withRate(setup, rate),
  },
  classWeight: {
    meaning: "Weighs the rows of the rarer classes by how much rarer they are.",
    example: { weights: { 1: 99 } },
    make: ({ classes }) => classes.slice(0, 1).flatMap(weightsOfClasses),
    text: () => "weigh the rarer classes",
    code: ({ weights }) => {
      const entries = Object.entries(weights).map(
        ([label, weight]) => `${/^-/.test(label) ? `"${label}"` : label}: ${weight}`,
      );
      return `classWeight: { ${entries.join(", ")} }`;
    },
    apply: ({ weights }, setup) => (setup.outputs.length === 1 ? { ...setup, classWeight: weights } : undefined),
  },
};

// ── What is done with them ──────────────────────────────────────────────────────────────────────────────────────────

/** Of one kind, as what was seen suggests. */
export function curesOf<K extends CureKind>(
  kind: K,
  facts: Facts,
  layer: LayerObservation | undefined,
): readonly Cure[] {
  const row: CureRow<K> = CURES[kind];
  return row.make(facts, layer).map((options) => ({ kind, ...options }) as unknown as Cure);
}

export function textOfCure<K extends CureKind>(cure: CureOf<K>): string {
  return (CURES[cure.kind] as CureRow<K>).text(cure);
}

export function codeOfCure<K extends CureKind>(cure: CureOf<K>): string {
  return (CURES[cure.kind] as CureRow<K>).code(cure);
}

/** The network with the cure; undefined where it does not go with it, or changes nothing. */
export function applyCure<K extends CureKind>(cure: CureOf<K>, setup: Setup): Setup | undefined {
  return (CURES[cure.kind] as CureRow<K>).apply(cure, setup);
}

// ── Made of what was seen ───────────────────────────────────────────────────────────────────────────────────────────

/** ‖Δw‖ / ‖w‖ of a step where training goes well: between a thousandth and a hundredth. */
const USUAL_UPDATE = 3e-3;
const MOST_RAISE = 1e6;

/** As it is written, so that what is applied is what is told. */
const rounded = (value: number): number => Number(value.toPrecision(3));

/** Its own, or the next one's before another layer with weights of the kind. */
function activationAfter(layers: readonly LayerObservation[], layer: LayerObservation): ActivationName | undefined {
  const rest = layers.slice(layers.indexOf(layer));
  const end = rest.findIndex(({ className }, i) => i > 0 && className === layer.className);
  const own = rest.slice(0, end < 0 ? undefined : end).find(({ activation: name }) => name !== undefined);
  return own?.activation as ActivationName | undefined;
}

/** Itself, or the last one before. */
function denseBefore(layers: readonly LayerObservation[], layer: LayerObservation): LayerObservation | undefined {
  return layers.slice(0, layers.indexOf(layer) + 1).findLast(({ className }) => className === "Dense");
}

/** Dense layers as wide as the one before, every second one, with what stands behind it up to the next. */
function everySecond(layers: readonly LayerObservation[]): readonly string[] {
  const places = layers.flatMap(({ className }, i) => (className === "Dense" ? [i] : []));
  const alike = places.slice(0, -1).filter((at, i) => i > 0 && layers[at]!.units === layers[places[i - 1]!]!.units);
  return alike
    .filter((_, i) => i % 2 === 0)
    .flatMap((at) => layers.slice(at, places[places.indexOf(at) + 1]).map(({ name }) => name));
}

function listed(names: readonly string[]): string {
  return names.length <= 8 ? names.join(", ") : `${names.slice(0, 3).join(", ")} … ${names.at(-1)} (${names.length})`;
}

/** The norm of the gradient where that is usual, else 1. */
function clippingNorm(layers: readonly LayerObservation[]): number {
  const squares = layers
    .flatMap(({ weights }) => weights)
    .reduce((sum, { gradientNorm = 0 }) => sum + gradientNorm * gradientNorm, 0);
  const norm = Math.sqrt(squares);
  return norm > 0 && Number.isFinite(norm) ? rounded(Math.min(1, norm)) : 1;
}

function weightsOfClasses({ counts, labels }: Facts["classes"][number]): readonly Options["classWeight"][] {
  const most = Math.max(...counts);
  const rarer = counts.flatMap((count, i) => (count > 0 && count < most ? [[labels[i]!, rounded(most / count)]] : []));
  return rarer.length > 0 && rarer.length <= MOST_CLASSES ? [{ weights: Object.fromEntries(rarer) as never }] : [];
}

// ── Applied ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const learns = (spec: LayerSpec): boolean => isOwn(spec, "Dense") && spec.trainable;

/** With these initializers; itself where it has them. */
function initialized(spec: LayerSpec, names: Readonly<Record<string, InitializerName>>): LayerSpec {
  const fitting = ACTIVATIONS.rows[ownName(spec)].initializer;
  const drawn = (given: InitializerDescription) => JSON.stringify(concrete(given, fitting));
  const others = Object.entries(names).filter(([option, name]) => {
    return drawn(configOf(spec)[option] as InitializerDescription) !== drawn(resolveInitializer(name));
  });
  if (others.length === 0) return spec;
  return withConfig(spec, Object.fromEntries(others.map(([option, name]) => [option, resolveInitializer(name)])));
}

function normalizedBeforeActivations(setup: Setup): Setup | undefined {
  const draft = new SetupDraft(setup);
  const normalized = (base: string, input: number) =>
    draft.apply((name) => batchNorm({ momentum: MOMENTUM, name }), `${base}_norm`, input);
  for (const step of setup.steps) {
    const spec = setup.layers[step.layer]!;
    const own = activationOf(spec);
    if (!own || !spec.trainable || makesOutput(setup, step.layer)) draft.steps.push(step);
    else if (isOwn(spec, "Dense")) {
      draft.layers[step.layer] = withConfig(spec, { activation: resolveActivation("linear") });
      const z = draft.tensor();
      draft.steps.push({ ...step, output: z });
      const input = normalized(spec.name!, z);
      draft.apply((name) => activation(own, { name }), `${spec.name}_activation`, input, step.output);
    } else {
      const maker = makerOf(setup, step.inputs[0]!);
      const ready = maker === undefined || isNormalization(maker) || !maker.trainable;
      draft.steps.push(ready ? step : { ...step, inputs: [normalized(spec.name!, step.inputs[0]!)] });
    }
  }
  const { layers, steps } = draft;
  return steps.length > setup.steps.length ? { ...setup, layers, steps } : undefined;
}

/** Without a layer that stands in line: applied once, to what nothing else takes, for something that is no output. */
function bypassed(setup: Setup, name: string): Setup | undefined {
  const own = setup.steps.filter(({ layer }) => setup.layers[layer]!.name === name);
  const [step] = own;
  if (!step || own.length > 1 || step.inputs.length > 1 || setup.outputs.includes(step.output)) return undefined;
  const [input] = step.inputs as [number];
  const inLine =
    setup.inputs.length <= input && [input, step.output].every((tensor) => usersOf(setup, tensor).length === 1);
  if (!inLine || !setup.layers[step.layer]!.trainable) return undefined;
  const steps = setup.steps.filter((other) => other !== step);
  return { ...setup, steps: steps.map((other) => reading(other, step.output, input)) };
}

/** A first layer for each input that has a maker. */
function scaledBy(
  setup: Setup,
  makerFor: (input: SetupInput) => ((name: string) => LayerSpec) | undefined,
): Setup | undefined {
  const draft = new SetupDraft(setup);
  let { steps } = setup;
  setup.inputs.forEach((input, tensor) => {
    const make = makerFor(input);
    if (!make) return;
    const output = draft.apply(make, `${input.name}_scaling`, tensor);
    steps = steps.map((step) => reading(step, tensor, output));
  });
  if (draft.steps.length === 0) return undefined;
  return { ...setup, layers: draft.layers, steps: [...draft.steps, ...steps] };
}

function reading(step: Step, tensor: number, other: number): Step {
  return { ...step, inputs: step.inputs.map((input) => (input === tensor ? other : input)) };
}

function withRate(setup: Setup, learningRate: number): Setup {
  return { ...setup, optimizer: Object.freeze({ ...setup.optimizer, learningRate }) };
}
