export * as activations from "./activations/index.js";
export * as clipping from "./clipping/index.js";
export * as constraints from "./constraints/index.js";
export * as initializers from "./initializers/index.js";
export * as losses from "./losses/index.js";
export * as metrics from "./metrics/index.js";
export * as optimizers from "./optimizers/index.js";
export * as schedules from "./schedules/index.js";
export * as regularizers from "./regularizers/index.js";

export * from "./activations/index.js";
export type { Activation } from "./activations/table.js";
export {
  csvLogger,
  type CsvLoggerOptions,
  earlyStopping,
  type EarlyStoppingOptions,
  modelCheckpoint,
  type ModelCheckpointOptions,
  progressBar,
  reduceLROnPlateau,
  type ReduceLROnPlateauOptions,
  tensorBoard,
  type TensorBoardOptions,
  gradientHealth,
  type GradientHealth,
  type GradientHealthOptions,
  gradualUnfreezing,
  type GradualUnfreezingOptions,
} from "./callbacks/index.js";
export { type Clip, clipByGlobalNorm, clipByNorm, clipByValue } from "./clipping/index.js";
export { type Constraint, maxNorm, minMaxNorm, nonNeg, unitNorm } from "./constraints/index.js";
export type { ErrorCode, ErrorCodes } from "./errorCodes.js";
export type { Cure, CureKind, Remedy } from "./diagnostics/cures.js";
export type { DiagnosisReport } from "./diagnostics/diagnosisReport.js";
export type {
  Bin,
  LayerObservation,
  Observation,
  TensorStatistics,
  WeightObservation,
} from "./diagnostics/observation.js";
export type { Course, Finding, LayerReport, Problem, ReportData } from "./diagnostics/report.js";
export type { CureMeasure, TriedCure } from "./diagnostics/triedCure.js";
export * from "./errors.js";
export * from "./initializers/index.js";
export type { CustomInitializer, Initializer } from "./initializers/table.js";
export { loadModel, type ModelSource } from "./io/loadModel.js";
export {
  activation,
  add,
  alphaDropout,
  batchNorm,
  type BatchNormOptions,
  concatenate,
  type ConcatenateOptions,
  type DefinedLayer,
  defineLayer,
  dense,
  type DenseOptions,
  dropout,
  type DropoutOptions,
  flatten,
  funnel,
  type FunnelOptions,
  gaussianNoise,
  input,
  type InputOptions,
  type LayerDefinition,
  layerNorm,
  type LayerNormOptions,
  type LayerSpec,
  normalization,
  type NormalizationOptions,
  prelu,
  type PreluOptions,
  rescaling,
  reshape,
  type SymbolicValue,
  type WeightDefinition,
} from "./layers/index.js";
export {
  binaryCrossentropy,
  categoricalCrossentropy,
  categoricalHinge,
  cosineSimilarity,
  type CustomLoss,
  type DefinedLoss,
  defineLoss,
  hinge,
  huber,
  kullbackLeiblerDivergence,
  logCosh,
  type Loss,
  type LossDefinition,
  meanAbsoluteError,
  meanSquaredError,
  poisson,
  sparseCategoricalCrossentropy,
  squaredHinge,
} from "./losses/index.js";
export {
  accuracy,
  auc,
  binaryAccuracy,
  categoricalAccuracy,
  confusionMatrix,
  f1Score,
  type Metric,
  type MetricFunction,
  precision,
  r2Score,
  recall,
  sparseCategoricalAccuracy,
  sparseTopKCategoricalAccuracy,
  topKCategoricalAccuracy,
} from "./metrics/index.js";
export {
  crossValidate,
  type CrossValidateOptions,
  type CrossValidation,
  type FoldRows,
  type Score,
} from "./model/crossValidate.js";
export type { Evaluation } from "./model/evaluate.js";
export type { Callback, CallbackContext, Logs, TrainingInfo } from "./model/callback.js";
export type { Rowlike, Targets } from "./model/data.js";
export type { Inputs, Outputs } from "./model/dataset.js";
export type { FitOptions, History, StopReason } from "./model/fitOptions.js";
export type { Layer, LayerPattern } from "./model/layer.js";
export type { FindLearningRateOptions, LearningRateProgress, LearningRateReport } from "./model/learningRate.js";
export type { CompileOptions } from "./model/compile.js";
export type { DiagnoseOptions } from "./model/diagnose.js";
export type { CureProgress } from "./model/tryCures.js";
export { model, type GraphOptions, type PredictionsOf } from "./model/functional.js";
export { Model } from "./model/model.js";
export type { Prediction, Predictions } from "./model/predict.js";
export type { ReuseOptions } from "./model/reuse.js";
export { sequential, type SequentialOptions } from "./model/sequential.js";
export type { Chunk, ChunkSource } from "./model/stream/source.js";
export type { WorkerOptions } from "./model/worker.js";
export type { ClassWeight, SampleWeight } from "./model/weights.js";
export type { NamedArray } from "./model/variables.js";
export {
  adadelta,
  adagrad,
  adam,
  adamax,
  adamW,
  lion,
  nadam,
  type Optimizer,
  rmsprop,
  sgd,
} from "./optimizers/index.js";
export type { Operand, Ops, OpValue } from "./ops/index.js";
export { l1, l1l2, l2, type Regularizer } from "./regularizers/index.js";
export { init, type InitOptions } from "./runtime/module.js";
export type { Precision } from "./runtime/precision.js";
export type { Threads } from "./runtime/threads.js";
export {
  cosineDecay,
  exponentialDecay,
  inverseTimeDecay,
  type LearningRate,
  oneCycle,
  piecewiseConstant,
  polynomialDecay,
  type Schedule,
  warmup,
} from "./schedules/index.js";
export {
  discriminativeRates,
  type DiscriminativeRatesOptions,
  foldBatchNorm,
  type Folded,
  type FoldOptions,
  type Labels,
  LinearClassifier,
  type LinearClassifierType,
  type LinearClassWeight,
  type LinearFitOptions,
  type LinearJson,
  type LinearState,
  linearSvm,
  type LinearSvmOptions,
  loadLinearModel,
  LogisticClassifier,
  logisticRegression,
  type LogisticRegressionOptions,
  type UnfittedLinear,
} from "./transfer/index.js";
export {
  choice,
  type Distribution,
  type Importance,
  integer,
  logUniform,
  type Params,
  search,
  type SearchOptions,
  type SearchResult,
  type SearchSpace,
  type Trial,
  type TrialBuild,
  type TrialEvent,
  uniform,
} from "./search/index.js";
