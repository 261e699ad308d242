import { type LayerSpec, rescaling } from "lanewise";
import { loadDigits, loadIdxFolder, type LabelledRows, shuffleSplit } from "lanewise/data";

/** Labelled images, of which an experiment takes as many as it needs. */
export interface StudyData {
  readonly name: string;
  /** Pixels along an edge. */
  readonly side: number;
  /** Rows to train on: the same share of each class, always the same rows; all, where there are no more. */
  train(count: number): LabelledRows;
  test(count: number): LabelledRows;
  /** Shifts and scales pixels so that all of them together have mean 0 and variance 1. */
  standardize(): LayerSpec;
}

export async function loadData(folder: string | undefined): Promise<StudyData> {
  const { train, test, shape } = folder === undefined ? await loadDigits() : await loadIdxFolder(folder);
  const { mean, std } = moments(train.x);
  return {
    name: folder === undefined ? "the digits that come with lanewise" : "MNIST",
    side: shape[0]!,
    train: (count) => someRows(train, count),
    test: (count) => someRows(test, count),
    standardize: () => rescaling({ scale: 1 / std, offset: -mean / std }),
  };
}

function someRows({ x, y }: LabelledRows, count: number): LabelledRows {
  if (count >= y.length) return { x, y };
  return shuffleSplit(x, y, { testFraction: count / y.length, seed: 0, stratify: true }).test;
}

/** Sums of whole numbers: exact. */
function moments(pixels: Uint8Array): { mean: number; std: number } {
  let [sum, squares] = [0, 0];
  for (const pixel of pixels) {
    sum += pixel;
    squares += pixel * pixel;
  }
  const mean = sum / pixels.length;
  return { mean, std: Math.sqrt(squares / pixels.length - mean * mean) };
}
