export { loadDigits, type Digits } from "./digits.js";
export { type Fold, type FoldOptions, kFold, stratifiedKFold } from "./folds.js";
export { readIdx, type IdxArray, type IdxData } from "./idx.js";
export { loadIdxFolder, type ImageSet, type LabelledRows } from "./idxFolder.js";
export { oneHot } from "./oneHot.js";
export { type Rows, type ShapedRows, takeRows, type TakeOptions } from "./rows.js";
export { shuffleSplit, type Split, type SplitOptions, type SplitPart, type ThreeWaySplit } from "./shuffleSplit.js";
export {
  type MinMaxScaler,
  minMaxScaler,
  type Scaled,
  type Scaler,
  type ScalerFitOptions,
  type StandardScaler,
  standardScaler,
  type Unfitted,
} from "./scalers.js";
