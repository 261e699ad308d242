export { foldBatchNorm, type Folded, type FoldOptions } from "./foldBatchNorm.js";
