import { ConfigError, DataError } from "../errors.js";

/** 4 GiB of f32: more is a label gone astray, not a data set. */
const MAX_VALUES = 2 ** 30;

/**
 * Turns class labels into rows with a one at the label and zeros elsewhere.
 *
 * @param labels n integers from 0 to classes - 1
 * @param classes how many there are; the largest label plus one if omitted (name it when a part of the data may lack the last class)
 * @returns `data`: n × classes, row-major; `shape`: [n, classes]
 * @throws DataError `data/bad-label`, `data/too-large`; `data/no-labels` without labels and classes
 * @throws ConfigError `data/bad-classes`
 *
 * @example
 * oneHot([2, 0]); // { data: Float32Array [0, 0, 1, 1, 0, 0], shape: [2, 3] }
 */
export function oneHot(labels: ArrayLike<number>, classes?: number): { data: Float32Array; shape: [number, number] } {
  if (classes !== undefined && !(Number.isSafeInteger(classes) && classes > 0)) {
    throw new ConfigError(
      "data/bad-classes",
      `classes is ${classes}; expected an integer from 1. Leave it out to take the largest label plus one.`,
    );
  }
  const largest = largestLabel(labels, classes);
  const width = classes ?? largest + 1;
  if (width === 0) {
    throw new DataError(
      "data/no-labels",
      "There are no labels to count the classes of. Pass labels, or the number of classes.",
    );
  }
  if (labels.length * width > MAX_VALUES) {
    throw new DataError(
      "data/too-large",
      `${labels.length} labels of ${width} classes would take ${labels.length * width} values, above the limit of ${MAX_VALUES}. Is the label ${largest} right? Else use a sparse loss, which takes the labels as they are.`,
    );
  }
  const data = new Float32Array(labels.length * width);
  for (let row = 0; row < labels.length; row++) data[row * width + labels[row]!] = 1;
  return { data, shape: [labels.length, width] };
}

/** The largest of the labels, each checked; -1 where there are none. */
export function largestLabel(labels: ArrayLike<number>, classes = Infinity): number {
  let largest = -1;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    if (!(Number.isSafeInteger(label) && label >= 0 && label < classes)) {
      const range = classes === Infinity ? "integers from 0" : `integers from 0 to ${classes - 1}`;
      throw new DataError(
        "data/bad-label",
        `Label ${label} at row ${row}; expected ${range}. Number the classes from 0.`,
      );
    }
    largest = Math.max(largest, label);
  }
  return largest;
}
