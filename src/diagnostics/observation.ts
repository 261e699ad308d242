// What was seen of a network while it ran: plain figures, from which findings, reports and logs are made.

import * as S from "../../assembly/shared/statistics.js";

/** Numbers between `low` and `high`, half an octave of them; the middle bin holds what is smaller than 2⁻⁴⁰. */
export interface Bin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** Of all numbers of one kind that were seen; what is not finite is counted, and left out of all else. */
export interface TensorStatistics {
  readonly count: number;
  readonly nonFinite: number;
  /** Exactly 0. */
  readonly zeros: number;
  readonly mean: number;
  readonly std: number;
  readonly min: number;
  readonly max: number;
  /** √(mean of the squares) */
  readonly rms: number;
  /** Those that hold something, from the least to the greatest. */
  readonly histogram: readonly Bin[];
}

/** One weight. */
export interface WeightObservation {
  /** `<layer>/<role>` */
  readonly name: string;
  readonly weights: TensorStatistics;
  /** L2, of all its elements. */
  readonly norm: number;
  /** Undefined where no gradient reaches it, as in a frozen layer. */
  readonly gradients?: TensorStatistics;
  /** Of one batch's mean loss, before clipping: the root mean square over the batches seen. */
  readonly gradientNorm?: number;
  /** ‖Δw‖ of the step that was observed. */
  readonly updateNorm?: number;
}

/** One application of a layer. */
export interface LayerObservation {
  readonly name: string;
  readonly className: string;
  /** Whether training changes its weights. */
  readonly trainable: boolean;
  /** The activation that it ends with, where that is elementwise. */
  readonly activation?: string;
  readonly output: TensorStatistics;
  /** What the activation was applied to. */
  readonly preActivation?: TensorStatistics;
  /** Of the mean loss, by what the activation was applied to, or else by the output. */
  readonly gradient?: TensorStatistics;
  /** Of its last axis. */
  readonly units: number;
  /** Units whose activation had derivative 0 for every row: nothing they do is learned from. */
  readonly deadUnits?: number;
  /** Share of outputs where the derivative is below a twentieth of its greatest value; of activations that saturate on both sides. */
  readonly saturatedFraction?: number;
  readonly weights: readonly WeightObservation[];
}

/** What one observation saw. */
export interface Observation {
  /** Optimizer steps done when it began. */
  readonly step: number;
  readonly rows: number;
  readonly layers: readonly LayerObservation[];
}

/** Reads a tensor block of shared/statistics.ts. */
export function readTensor(view: DataView, block: number): TensorStatistics | undefined {
  const f64 = (offset: number) => view.getFloat64(block + offset, true);
  const count = f64(S.STATISTICS_COUNT);
  if (count === 0) return undefined;
  const nonFinite = f64(S.STATISTICS_NOT_FINITE);
  const seen = Math.max(1, count - nonFinite);
  const mean = f64(S.STATISTICS_SUM) / seen;
  const squares = f64(S.STATISTICS_SQUARES) / seen;
  const empty = count === nonFinite;
  const counts = readCounts(view, block + S.STATISTICS_BINS);
  return {
    count,
    nonFinite,
    zeros: f64(S.STATISTICS_ZEROS),
    mean,
    std: Math.sqrt(Math.max(0, squares - mean * mean)),
    min: empty ? NaN : view.getFloat32(block + S.STATISTICS_LEAST, true),
    max: empty ? NaN : view.getFloat32(block + S.STATISTICS_GREATEST, true),
    rms: Math.sqrt(squares),
    get histogram() {
      return binsOf(counts); // of many observations nobody looks at it
    },
  };
}

/** Makes a block of zeros an empty one: least and greatest begin beyond everything. */
export function openTensor(view: DataView, block: number): void {
  view.setFloat32(block + S.STATISTICS_LEAST, Infinity, true);
  view.setFloat32(block + S.STATISTICS_GREATEST, -Infinity, true);
}

const BOUNDS = Array.from({ length: S.BINS }, (_, bin) => boundsOf(bin));

/** By bin: its four counts together. */
function readCounts({ buffer }: DataView, address: number): Uint32Array {
  const lanes = new Uint32Array(buffer, address, S.BINS * S.BIN_LANES);
  const counts = new Uint32Array(S.BINS);
  for (let i = 0; i < lanes.length; i++) counts[Math.floor(i / S.BIN_LANES)]! += lanes[i]!;
  return counts;
}

function binsOf(counts: Uint32Array): Bin[] {
  const bins: Bin[] = [];
  counts.forEach((count, i) => {
    if (count > 0) bins.push({ low: BOUNDS[i]!.low, high: BOUNDS[i]!.high, count });
  });
  return bins;
}

/** Half octaves: 2ᵉ … 1.5 · 2ᵉ … 2ᵉ⁺¹, mirrored below zero. */
function boundsOf(bin: number): { low: number; high: number } {
  const distance = Math.abs(bin - S.BIN_OF_ZERO);
  const edge = (i: number) => (i % 2 ? 1.5 : 1) * 2 ** (S.BIN_LEAST_EXPONENT + (i >> 1));
  if (distance === 0) return { low: -edge(0), high: edge(0) };
  const [near, far] = [edge(distance - 1), edge(distance)];
  return bin > S.BIN_OF_ZERO ? { low: near, high: far } : { low: -far, high: -near };
}
