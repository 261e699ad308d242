import { DataError, LanewiseError } from "../errors.js";
import { readBytes } from "../runtime/files.js";
import { readIdx } from "./idx.js";

/** Rows and their labels: `x` flat, n × the size of a row, `y` one label a row. */
export interface LabelledRows {
  readonly x: Uint8Array;
  readonly y: Uint8Array;
}

/** A set of images as MNIST and its kin are published. */
export interface ImageSet {
  readonly train: LabelledRows;
  readonly test: LabelledRows;
  /** Of one image, such as [28, 28]. */
  readonly shape: number[];
  /** The largest label plus one. */
  readonly classes: number;
}

const ENDINGS = ["ubyte", "ubyte.gz"];

/**
 * Loads MNIST, Fashion-MNIST or any other set that is published under the same names.
 *
 * Looks for `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, also
 * with `.idx` in place of `-idx`, and each also with `.gz`.
 *
 * @param dir the folder: a path or a `file:` or `http(s):` URL
 * @returns pixels 0 … 255 and labels, as they are in the files
 * @throws DataError `idx/missing-files` (names all of them), `idx/not-images`, `idx/not-labels`, `idx/counts-differ`,
 * `idx/shapes-differ`, and the codes of `readIdx`
 * @throws LanewiseError the codes of `readBytes`, when a file is there but cannot be read
 *
 * @example
 * const { train, test, shape, classes } = await loadIdxFolder("mnist"); // train.x: 60,000 × 784, shape [28, 28], classes 10
 */
export async function loadIdxFolder(dir: string | URL): Promise<ImageSet> {
  const stems = ["train-images.idx3", "train-labels.idx1", "t10k-images.idx3", "t10k-labels.idx1"] as const;
  const found = await Promise.all(stems.map((stem) => findFile(dir, stem)));
  const [trainImages, trainLabels, testImages, testLabels] = found;
  if (!trainImages || !trainLabels || !testImages || !testLabels) {
    const missing = stems.filter((_, i) => found[i] === undefined).map((stem) => namesOf(stem)[0]);
    throw new DataError(
      "idx/missing-files",
      `The folder ${JSON.stringify(String(dir))} lacks ${missing.join(", ")} (with or without .gz, also with ".idx" for "-idx"). Check the folder, or fetch the missing files.`,
    );
  }

  const train = await readPart("train", trainImages, trainLabels);
  const test = await readPart("t10k", testImages, testLabels);
  if (String(train.shape) !== String(test.shape)) {
    throw new DataError(
      "idx/shapes-differ",
      `The training images have the shape [${train.shape.join(", ")}], those of the test [${test.shape.join(", ")}]. Do the files belong together?`,
    );
  }
  const classes = Math.max(largest(train.y), largest(test.y)) + 1;
  return { train: { x: train.x, y: train.y }, test: { x: test.x, y: test.y }, shape: train.shape, classes };
}

function namesOf(stem: string): string[] {
  return [stem.replace(".", "-"), stem].flatMap((name) => ENDINGS.map((ending) => `${name}-${ending}`));
}

async function findFile(dir: string | URL, stem: string): Promise<Uint8Array | undefined> {
  for (const name of namesOf(stem)) {
    try {
      return await readBytes(inside(dir, name));
    } catch (error) {
      if (!(error instanceof LanewiseError && error.code === "files/not-found")) throw error;
    }
  }
  return undefined;
}

function inside(dir: string | URL, name: string): string | URL {
  const folder = String(dir).endsWith("/") ? String(dir) : `${String(dir)}/`;
  return dir instanceof URL ? new URL(name, folder) : folder + name;
}

async function readPart(
  part: string,
  imageFile: Uint8Array,
  labelFile: Uint8Array,
): Promise<LabelledRows & { shape: number[] }> {
  const images = await readIdx(imageFile);
  const labels = await readIdx(labelFile);
  if (!(images.data instanceof Uint8Array) || images.shape.length < 2) {
    throw new DataError(
      "idx/not-images",
      `The ${part} images should be bytes of shape [n, height, width], but are ${described(images)}. Were files renamed?`,
    );
  }
  if (!(labels.data instanceof Uint8Array) || labels.shape.length !== 1) {
    throw new DataError(
      "idx/not-labels",
      `The ${part} labels should be bytes of shape [n], but are ${described(labels)}. Were files renamed?`,
    );
  }
  const [count, ...shape] = images.shape;
  if (count !== labels.data.length) {
    throw new DataError(
      "idx/counts-differ",
      `There are ${count} ${part} images, but ${labels.data.length} labels. Do the files belong together?`,
    );
  }
  return { x: images.data, y: labels.data, shape };
}

function described({
  data,
  shape,
}: {
  data: { readonly constructor: { readonly name: string } };
  shape: number[];
}): string {
  return `a ${data.constructor.name} of shape [${shape.join(", ")}]`;
}

function largest(labels: Uint8Array): number {
  return labels.reduce((a, b) => Math.max(a, b), -1);
}
