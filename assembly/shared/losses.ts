// Codes of the losses that share one op, predictions and targets being of one shape, read by both compilers. A new loss
// adds its code at the end, so that compiled programs keep their meaning.

export const LOSS_MEAN_SQUARED_ERROR = 0;
export const LOSS_MEAN_ABSOLUTE_ERROR = 1;
export const LOSS_HUBER = 2;
export const LOSS_LOG_COSH = 3;
export const LOSS_KULLBACK_LEIBLER_DIVERGENCE = 4;
export const LOSS_POISSON = 5;
export const LOSS_HINGE = 6;
export const LOSS_SQUARED_HINGE = 7;
export const LOSS_CATEGORICAL_HINGE = 8;
export const LOSS_COSINE_SIMILARITY = 9;
export const LOSS_VALUE = 10; // the predictions themselves are the loss; targets are not read

export const LOSS_COUNT = 11;
