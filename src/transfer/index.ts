export { discriminativeRates, type DiscriminativeRatesOptions } from "./discriminativeRates.js";
export { foldBatchNorm, type Folded, type FoldOptions } from "./foldBatchNorm.js";
export * from "./linear/index.js";
