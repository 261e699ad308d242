/** The sizes of one sample or of a variable, outermost first. */
export type Shape = readonly number[];

/** How many elements a shape holds; a scalar's shape `[]` holds one. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/** `(28, 28, 1)`, with the batch in front where there is one: `(B, 784)`. */
export function formatShape(shape: Shape, batch = false): string {
  return `(${[...(batch ? ["B"] : []), ...shape].join(", ")})`;
}
