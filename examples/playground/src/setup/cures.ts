// What breaks a network, and what a cure of the library's diagnosis changes of the set-up.

import type { Cure } from "lanewise";
import { ACTIVATIONS, INITIALIZERS, OPTIMIZERS } from "./parts.js";
import type { Setup } from "./setup.js";

/** Ten sigmoids in a row, drawn from N(0, 1), in plain gradient descent: how deep networks failed until about 2006. */
export const BROKEN: Partial<Setup> = {
  depth: 10,
  width: 24,
  shape: "equal",
  activation: ACTIVATIONS.make("sigmoid"),
  initializer: INITIALIZERS.make("randomNormal", { stddev: 1 }),
  normalization: "none",
  dropout: 0,
  optimizer: OPTIMIZERS.make("sgd"),
};

type CureOf<K extends Cure["kind"]> = Extract<Cure, { kind: K }>;

interface Row<K extends Cure["kind"]> {
  /** What a button says that applies it. */
  readonly label: (cure: CureOf<K>) => string;
  readonly change: (cure: CureOf<K>, setup: Setup) => Partial<Setup>;
}

const ROWS: { readonly [K in Cure["kind"]]: Row<K> } = {
  initializer: {
    label: ({ initializer }) => `first weights ${initializer}`,
    change: ({ initializer }) => ({ initializer: INITIALIZERS.make(initializer) }),
  },
  batchNorm: { label: () => "batch normalization", change: () => ({ normalization: "batchNorm" }) },
  fewerLayers: { label: () => "half the layers", change: (_, { depth }) => ({ depth: Math.ceil(depth / 2) }) },
  activation: {
    label: ({ to }) => `activation ${to}`,
    change: ({ to }) => ({ activation: ACTIVATIONS.make(to), initializer: INITIALIZERS.make("auto") }),
  },
  scaler: { label: () => "scaled inputs", change: () => ({ scaleInputs: true }) },
  rescaling: { label: () => "scaled inputs", change: () => ({ scaleInputs: true }) },
  clip: {
    label: ({ norm }) => `gradient clipped at ${norm}`,
    change: ({ norm }) => ({ clip: "clipByGlobalNorm", clipAt: norm }),
  },
  lowerRate: { label: ({ rate }) => `learning rate ${rate}`, change: ({ rate }, setup) => atRate(rate, setup) },
  higherRate: { label: ({ rate }) => `learning rate ${rate}`, change: ({ rate }, setup) => atRate(rate, setup) },
  classWeight: { label: () => "rare classes weighed", change: () => ({ weighClasses: true }) },
};

export function labelOf(remedy: readonly Cure[]): string {
  return remedy.map((cure) => (ROWS[cure.kind] as Row<typeof cure.kind>).label(cure as never)).join(", ");
}

/** The set-up with all of these at once. */
export function cured(setup: Setup, remedy: readonly Cure[]): Setup {
  return remedy.reduce((sofar, cure) => {
    const { change } = ROWS[cure.kind] as Row<typeof cure.kind>;
    return { ...sofar, ...change(cure as never, sofar) };
  }, setup);
}

function atRate(learningRate: number, { optimizer: { name, ...options } }: Setup): Partial<Setup> {
  return { optimizer: OPTIMIZERS.make(name, { ...options, learningRate }) };
}
