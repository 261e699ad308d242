import * as Code from "../../assembly/shared/combine.js";

/** Functions of two numbers, by their code. */
export const COMBINED: Readonly<Record<number, (a: number, b: number) => number>> = {
  [Code.COMBINE_ADD]: (a, b) => a + b,
  [Code.COMBINE_SUBTRACT]: (a, b) => a - b,
  [Code.COMBINE_MULTIPLY]: (a, b) => a * b,
  [Code.COMBINE_DIVIDE]: (a, b) => a / b,
  [Code.COMBINE_MAXIMUM]: Math.max,
  [Code.COMBINE_MINIMUM]: Math.min,
  [Code.COMBINE_AT_LEAST]: (a, b) => (a >= b ? 1 : 0),
  [Code.COMBINE_LESS]: (a, b) => (a < b ? 1 : 0),
  [Code.COMBINE_AT_MOST]: (a, b) => (a <= b ? 1 : 0),
  [Code.COMBINE_GREATER]: (a, b) => (a > b ? 1 : 0),
  [Code.COMBINE_EQUAL]: (a, b) => (a === b ? 1 : 0),
};
