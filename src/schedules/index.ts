import * as Kind from "../../assembly/shared/schedules.js";
import { boolean, numberInRange, positiveInteger, positiveNumber, show } from "../check.js";
import { ConfigError } from "../errors.js";
import { describe, type Description, type Family, type FamilyRow, resolve } from "../family.js";

interface ScheduleRow extends FamilyRow {
  /** Refuses options that would not give finite rates above 0 (0 at an end is fine); `what` names the schedule. */
  readonly check: (options: Options, what: string) => void;
  /** The numbers of its block in memory, the kind first: see assembly/shared/schedules.ts. */
  readonly block: (options: Options) => readonly number[];
  /** The rate of step 0, where that is not initialLearningRate. */
  readonly start?: (options: Options) => number;
}

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- each row reads options that it has checked itself */
type Options = Readonly<Record<string, any>>;

const rows = {
  exponentialDecay: {
    options: { initialLearningRate: undefined, decaySteps: undefined, decayRate: undefined, staircase: false },
    formula: "η₀ · decayRate^(step / decaySteps)",
    check(options, what) {
      checkDecay(options, what);
      positiveNumber(options.decayRate, `decayRate of ${what}`);
    },
    block: (options) => [Kind.SCHEDULE_EXPONENTIAL, ...decayNumbers(options)],
  },
  inverseTimeDecay: {
    options: { initialLearningRate: undefined, decaySteps: undefined, decayRate: undefined, staircase: false },
    formula: "η₀ / (1 + decayRate · step / decaySteps)",
    paper: "Robbins, Monro 1951, Annals of Mathematical Statistics 22(3)",
    check(options, what) {
      checkDecay(options, what);
      rate(options.decayRate, `decayRate of ${what}`);
    },
    block: (options) => [Kind.SCHEDULE_INVERSE_TIME, ...decayNumbers(options)],
  },
  polynomialDecay: {
    options: {
      initialLearningRate: undefined,
      decaySteps: undefined,
      endLearningRate: 0.0001,
      power: 1,
      cycle: false,
    },
    formula: "η₁ + (η₀ − η₁) · (1 − step / decaySteps)^power, to decaySteps",
    check({ initialLearningRate, decaySteps, endLearningRate, power, cycle }, what) {
      positiveNumber(initialLearningRate, `initialLearningRate of ${what}`, BAD_RATE);
      positiveNumber(decaySteps, `decaySteps of ${what}`);
      rate(endLearningRate, `endLearningRate of ${what}`);
      positiveNumber(power, `power of ${what}`);
      boolean(cycle, `cycle of ${what}`);
    },
    block: ({ initialLearningRate, decaySteps, endLearningRate, power, cycle }) => [
      Kind.SCHEDULE_POLYNOMIAL,
      initialLearningRate,
      decaySteps,
      endLearningRate,
      power,
      cycle ? 1 : 0,
    ],
  },
  piecewiseConstant: {
    options: { boundaries: undefined, values: undefined },
    formula: "values[i] up to and with step boundaries[i], the last value behind the last boundary",
    check: ({ boundaries, values }, what) => checkPieces(boundaries, values, what),
    block: ({ boundaries, values }) => [Kind.SCHEDULE_PIECEWISE, boundaries.length, ...boundaries, ...values],
    start: ({ values }) => values[0],
  },
  cosineDecay: {
    options: {
      initialLearningRate: undefined,
      decaySteps: undefined,
      alpha: 0,
      warmupTarget: undefined,
      warmupSteps: 0,
    },
    formula: "η₀ · (α + (1 − α) · ½ (1 + cos π·step / decaySteps)), to decaySteps",
    paper: "Loshchilov, Hutter 2016, arXiv:1608.03983",
    check({ initialLearningRate, decaySteps, alpha, warmupTarget, warmupSteps }, what) {
      positiveNumber(decaySteps, `decaySteps of ${what}`);
      numberInRange(alpha, `alpha of ${what}`, 0, 1, { closed: true });
      rate(warmupSteps, `warmupSteps of ${what}`);
      if (warmupTarget === undefined) {
        positiveNumber(initialLearningRate, `initialLearningRate of ${what}`, BAD_RATE);
        if (warmupSteps > 0) {
          throw new ConfigError(
            "config/no-warmup-target",
            `${what} has warmupSteps ${warmupSteps} and no warmupTarget: say which rate to warm up to.`,
          );
        }
      } else {
        rate(initialLearningRate, `initialLearningRate of ${what}`);
        positiveNumber(warmupTarget, `warmupTarget of ${what}`, BAD_RATE);
      }
    },
    block: ({ initialLearningRate, decaySteps, alpha, warmupTarget, warmupSteps }) => [
      Kind.SCHEDULE_COSINE,
      initialLearningRate,
      decaySteps,
      alpha,
      warmupTarget ?? initialLearningRate,
      warmupSteps,
    ],
    start: ({ initialLearningRate, warmupTarget, warmupSteps }) =>
      warmupSteps > 0 ? initialLearningRate : (warmupTarget ?? initialLearningRate),
  },
  oneCycle: {
    options: {
      maxLearningRate: undefined,
      totalSteps: undefined,
      pctStart: 0.3,
      annealStrategy: "cos",
      divFactor: 25,
      finalDivFactor: 1e4,
    },
    formula: "from η/divFactor up to η in pctStart of the steps, then down to η/(divFactor·finalDivFactor)",
    paper: "Smith, Topin 2018, arXiv:1708.07120",
    check({ maxLearningRate, totalSteps, pctStart, annealStrategy, divFactor, finalDivFactor }, what) {
      positiveNumber(maxLearningRate, `maxLearningRate of ${what}`, BAD_RATE);
      if (positiveInteger(totalSteps, `totalSteps of ${what}`) < 2) {
        throw new ConfigError("config/out-of-range", `totalSteps of ${what} must be at least 2; got ${totalSteps}.`);
      }
      numberInRange(pctStart, `pctStart of ${what}`, 0, 1);
      if (annealStrategy !== "cos" && annealStrategy !== "linear") {
        throw new ConfigError(
          "config/unknown-option",
          `annealStrategy of ${what} must be "cos" or "linear"; got ${show(annealStrategy)}.`,
        );
      }
      positiveNumber(divFactor, `divFactor of ${what}`);
      positiveNumber(maxLearningRate / divFactor, `maxLearningRate / divFactor of ${what}`, BAD_RATE);
      positiveNumber(finalDivFactor, `finalDivFactor of ${what}`);
    },
    block({ maxLearningRate, totalSteps, pctStart, annealStrategy, divFactor, finalDivFactor }) {
      const initial = maxLearningRate / divFactor;
      const up = Math.max(pctStart * totalSteps - 1, 0);
      const down = totalSteps - 1 - up;
      const linear = annealStrategy === "linear" ? 1 : 0;
      return [Kind.SCHEDULE_ONE_CYCLE, initial, maxLearningRate, initial / finalDivFactor, up, down, linear];
    },
    start: ({ maxLearningRate, totalSteps, pctStart, divFactor }) =>
      pctStart * totalSteps > 1 ? maxLearningRate / divFactor : maxLearningRate,
  },
  warmup: {
    options: { steps: undefined, after: undefined, target: undefined, initialLearningRate: 0 },
    formula: "η₀ + (target − η₀) · step / steps, then `after`, its steps counted from there",
    paper: "Goyal et al. 2017, arXiv:1706.02677",
    check({ steps, after, target, initialLearningRate }, what) {
      positiveNumber(steps, `steps of ${what}`);
      rate(initialLearningRate, `initialLearningRate of ${what}`);
      if (target !== undefined) positiveNumber(target, `target of ${what}`, BAD_RATE);
      checkLearningRate(after, `after of ${what}`);
    },
    block: ({ steps, after, target, initialLearningRate }) => [
      Kind.SCHEDULE_WARMUP,
      initialLearningRate,
      target ?? startOf(after),
      steps,
      ...blockOf(after),
    ],
  },
} as const satisfies Record<string, ScheduleRow>;

/** Every schedule: one row each. */
export const SCHEDULES: Family<Record<keyof typeof rows, ScheduleRow>> = { kind: "schedule", rows };

export type ScheduleName = keyof typeof rows;
/** What a schedule's factory returns. */
export type Schedule = Description<ScheduleName>;
/** What `learningRate` takes. */
export type LearningRate = number | Schedule;

const BAD_RATE = "config/bad-learning-rate";

/** A number above 0, or a complete schedule; options out of range are refused. */
export function resolveLearningRate(given: unknown, what: string): LearningRate {
  if (typeof given !== "object" || given === null) return positiveNumber(given, what, BAD_RATE);
  const resolved = resolve(SCHEDULES, given as Schedule);
  SCHEDULES.rows[resolved.name].check(resolved, `schedule "${resolved.name}"`);
  const parts = Object.entries(resolved).map(([option, value]) => [option, settle(value, `${option} of ${what}`)]);
  return Object.freeze(Object.fromEntries(parts)) as Schedule;
}

/** The numbers of a schedule's block in memory. */
export function scheduleBlock(schedule: Schedule): readonly number[] {
  return SCHEDULES.rows[schedule.name].block(schedule);
}

// ── Checks and numbers that rows share (none of their types names what follows from the rows) ─────────────────────────────────────────────────────────────────────────────

/** An option's own copy: lists frozen, a schedule within a schedule resolved. */
function settle(value: unknown, what: string): unknown {
  if (Array.isArray(value)) return Object.freeze([...value]);
  return typeof value === "object" && value !== null ? resolveLearningRate(value, what) : value;
}

/** A finite number of at least 0. */
function rate(value: unknown, what: string): number {
  return value === 0 ? 0 : positiveNumber(value, what, BAD_RATE);
}

function checkDecay({ initialLearningRate, decaySteps, staircase }: Options, what: string): void {
  positiveNumber(initialLearningRate, `initialLearningRate of ${what}`, BAD_RATE);
  positiveNumber(decaySteps, `decaySteps of ${what}`);
  boolean(staircase, `staircase of ${what}`);
}

function decayNumbers({ initialLearningRate, decaySteps, decayRate, staircase }: Options): readonly number[] {
  return [initialLearningRate, decaySteps, decayRate, staircase ? 1 : 0];
}

function checkPieces(boundaries: unknown, values: unknown, what: string): void {
  const increasing = (list: readonly unknown[]) =>
    list.every((step, i) => Number.isFinite(step) && (step as number) > ((list[i - 1] as number | undefined) ?? -1));
  if (!Array.isArray(boundaries) || !increasing(boundaries)) {
    throw new ConfigError(
      "config/bad-boundaries",
      `boundaries of ${what} must be steps from 0 that increase, such as [1000, 5000]; got ${show(boundaries)}.`,
    );
  }
  if (!Array.isArray(values) || values.length !== boundaries.length + 1) {
    throw new ConfigError(
      "config/bad-values",
      `values of ${what} must be one more than boundaries: ${boundaries.length + 1}; got ${show(values)}.`,
    );
  }
  values.forEach((value, i) => rate(value, `values[${i}] of ${what}`));
  if (values.every((value) => value === 0)) throw new ConfigError(BAD_RATE, `All values of ${what} are 0.`);
}

function checkLearningRate(value: unknown, what: string): void {
  resolveLearningRate(value, what);
}

/** The block of a number or a schedule. */
function blockOf(rate: unknown): readonly number[] {
  return typeof rate === "number" ? [Kind.SCHEDULE_CONSTANT, rate] : scheduleBlock(rate as Schedule);
}

/** The rate that a number or a schedule begins with. */
function startOf(after: unknown): number {
  if (typeof after === "number") return after;
  const schedule = after as Schedule;
  const start = SCHEDULES.rows[schedule.name].start;
  return start ? start(schedule) : (schedule.initialLearningRate as number);
}

// ── Factories ──────────────────────────────────────────────────────────────────────────────────────────────────────
// Steps are those of the optimizer, the first being 0. Behind its last step a schedule stays where it ended.

/**
 * η₀ · decayRate^(step / decaySteps); with `staircase`, of whole periods only. As Keras's ExponentialDecay; PyTorch's
 * ExponentialLR is decaySteps 1, its StepLR `staircase`.
 *
 * @throws ConfigError when compiled, where a number is not finite and above 0
 * @example sgd({ learningRate: exponentialDecay({ initialLearningRate: 0.1, decaySteps: 1000, decayRate: 0.5 }) })
 */
export const exponentialDecay = (options: {
  initialLearningRate: number;
  decaySteps: number;
  decayRate: number;
  staircase?: boolean;
}): Schedule => describe(SCHEDULES, "exponentialDecay", options);

/**
 * η₀ / (1 + decayRate · step / decaySteps); with `staircase`, of whole periods only. As Keras's InverseTimeDecay.
 *
 * @throws ConfigError when compiled, where decayRate is below 0, or another number not above 0
 * @example sgd({ learningRate: inverseTimeDecay({ initialLearningRate: 0.1, decaySteps: 1000, decayRate: 1 }) })
 */
export const inverseTimeDecay = (options: {
  initialLearningRate: number;
  decaySteps: number;
  decayRate: number;
  staircase?: boolean;
}): Schedule => describe(SCHEDULES, "inverseTimeDecay", options);

/**
 * From η₀ to `endLearningRate` (default 0.0001) in decaySteps, along (1 − step / decaySteps)^power (default 1: a line).
 * With `cycle` the span doubles, triples … instead of ending. As Keras's PolynomialDecay.
 *
 * @throws ConfigError when compiled, where endLearningRate is below 0, or another number not above 0
 * @example adam({ learningRate: polynomialDecay({ initialLearningRate: 1e-3, decaySteps: 10_000, power: 2 }) })
 */
export const polynomialDecay = (options: {
  initialLearningRate: number;
  decaySteps: number;
  endLearningRate?: number;
  power?: number;
  cycle?: boolean;
}): Schedule => describe(SCHEDULES, "polynomialDecay", options);

/**
 * values[i] up to and with step boundaries[i], the last value from there on. As Keras's PiecewiseConstantDecay (PyTorch's
 * MultiStepLR changes at the milestone, one step earlier).
 *
 * @throws ConfigError when compiled, where boundaries do not increase, or values are not one more
 * @example sgd({ learningRate: piecewiseConstant({ boundaries: [2000, 4000], values: [0.1, 0.01, 0.001] }) })
 */
export const piecewiseConstant = (options: { boundaries: readonly number[]; values: readonly number[] }): Schedule =>
  describe(SCHEDULES, "piecewiseConstant", options);

/**
 * Half a cosine from η₀ to α·η₀ in decaySteps (Loshchilov, Hutter 2016); with `warmupTarget`, first a line from η₀ to it
 * in warmupSteps, and the cosine from there. As Keras's CosineDecay; PyTorch's CosineAnnealingLR until it turns upwards.
 *
 * @throws ConfigError when compiled, where alpha is not in [0, 1], or a rate not above 0
 * @example adam({ learningRate: cosineDecay({ initialLearningRate: 1e-3, decaySteps: 10_000 }) })
 */
export const cosineDecay = (options: {
  initialLearningRate: number;
  decaySteps: number;
  alpha?: number;
  warmupTarget?: number;
  warmupSteps?: number;
}): Schedule => describe(SCHEDULES, "cosineDecay", options);

/**
 * Up from maxLearningRate / divFactor (25) to maxLearningRate in the share pctStart (0.3, in [0, 1)) of totalSteps, then
 * down to that start / finalDivFactor (1e4), each along half a cosine or a line (Smith, Topin 2018). As PyTorch's
 * OneCycleLR, names and all, without its cycling of momentum.
 *
 * @throws ConfigError when compiled, where totalSteps is below 2, or a number out of range
 * @example sgd({ learningRate: oneCycle({ maxLearningRate: 0.1, totalSteps: 5000 }), momentum: 0.9 })
 */
export const oneCycle = (options: {
  maxLearningRate: number;
  totalSteps: number;
  pctStart?: number;
  annealStrategy?: "cos" | "linear";
  divFactor?: number;
  finalDivFactor?: number;
}): Schedule => describe(SCHEDULES, "oneCycle", options);

/**
 * A line from `initialLearningRate` (default 0) to `target` in `steps` (Goyal et al. 2017), then `after`: a rate, or a
 * schedule whose steps count from there. The target is what `after` begins with, unless given.
 *
 * @throws ConfigError when compiled, where steps or a rate is out of range
 * @example adam({ learningRate: warmup({ steps: 500, after: cosineDecay({ initialLearningRate: 1e-3, decaySteps: 9500 }) }) })
 */
export const warmup = (options: {
  steps: number;
  after: LearningRate;
  target?: number;
  initialLearningRate?: number;
}): Schedule => describe(SCHEDULES, "warmup", options);
