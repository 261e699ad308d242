export { loadDigits, type Digits } from "./digits.js";
export { readIdx, type IdxArray, type IdxData } from "./idx.js";
export { loadIdxFolder, type ImageSet, type LabelledRows } from "./idxFolder.js";
export { oneHot } from "./oneHot.js";
export { shuffleSplit, type Rows, type ShapedRows, type Split, type SplitOptions } from "./shuffleSplit.js";
