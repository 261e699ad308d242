// Which part of a record's work is done now. An instance of the threaded build has these for itself, as it has its thread;
// in the plain build every part is the whole, and all of this folds away.

/** Elements are cut at whole cache lines. */
export const ELEMENTS_UNIT = 16;

let part: i32 = 0;
let parts: i32 = 1;

/** What follows is done for part `index` of `count`. */
export function takePart(index: i32, count: i32): void {
  part = index;
  parts = count;
}

/** The first of `size` rows, columns or elements that is in this part: cuts are at multiples of `unit`. */
// @ts-ignore: decorator
@inline
export function partStart(size: i32, unit: i32): i32 {
  return ASC_FEATURE_THREADS && parts > 1 ? cut(part, size, unit) : 0;
}

/** The first behind it. */
// @ts-ignore: decorator
@inline
export function partEnd(size: i32, unit: i32): i32 {
  return ASC_FEATURE_THREADS && parts > 1 ? cut(part + 1, size, unit) : size;
}

function cut(index: i32, size: i32, unit: i32): i32 {
  const units = (size + unit - 1) / unit;
  return min(size, <i32>((<i64>units * index) / parts) * unit);
}
