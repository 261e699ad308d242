export { csvLogger, type CsvLoggerOptions } from "./csvLogger.js";
export { earlyStopping, type EarlyStoppingOptions } from "./earlyStopping.js";
export { gradientHealth, type GradientHealth, type GradientHealthOptions } from "./gradientHealth.js";
export { gradualUnfreezing, type GradualUnfreezingOptions } from "./gradualUnfreezing.js";
export { modelCheckpoint, type ModelCheckpointOptions } from "./modelCheckpoint.js";
export { progressBar, type ProgressBarOptions } from "./progressBar.js";
export { reduceLROnPlateau, type ReduceLROnPlateauOptions } from "./reduceLROnPlateau.js";
export { tensorBoard, type TensorBoardOptions } from "./tensorBoard.js";
export type { TextStream } from "./terminal.js";
