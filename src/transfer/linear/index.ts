export {
  LinearClassifier,
  type LinearClassifierType,
  type LinearJson,
  type LinearState,
  LogisticClassifier,
} from "./classifier.js";
export { type LinearFitOptions, linearSvm, type LinearSvmOptions, type UnfittedLinear } from "./linearSvm.js";
export { loadLinearModel } from "./load.js";
export { logisticRegression, type LogisticRegressionOptions } from "./logisticRegression.js";
export type { Labels, LinearClassWeight } from "./rows.js";
