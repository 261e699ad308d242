// Losses and their gradients, each in one pass. A loss returns the sum over the rows of the rows' losses; unless
// `gradient` is 0 it also writes there the gradient of scale · sum (scale is normally 1 / rows). The gradient may stand
// in the place of the predictions.

import * as Loss from "../../shared/losses";
import * as Op from "../../shared/ops";
import { sigmoidCrossentropy, softmaxCrossentropy, sparseSoftmaxCrossentropy } from "./crossentropy";
import { elementwiseLoss } from "./elementwise";
import { categoricalHinge, cosineSimilarity } from "./rowwise";

export { sigmoidCrossentropy, softmaxCrossentropy, sparseSoftmaxCrossentropy };

/** A loss by its code (LOSS_…), predictions and targets (rows, width). */
export function lossByCode(
  code: i32,
  rows: i32,
  width: i32,
  predictions: usize,
  targets: usize,
  gradient: usize,
  parameter: f32,
  scale: f32,
): f64 {
  switch (code) {
    case Loss.LOSS_CATEGORICAL_HINGE:
      return categoricalHinge(rows, width, predictions, targets, gradient, scale);
    case Loss.LOSS_COSINE_SIMILARITY:
      return cosineSimilarity(rows, width, predictions, targets, gradient, scale);
    default:
      return elementwiseLoss(code, rows, width, predictions, targets, gradient, parameter, scale);
  }
}

/** A loss by its op; targets (rows) for the sparse one, else (rows, width). The parameter is the smoothing, or delta. */
function lossByOp(
  op: i32,
  code: i32,
  rows: i32,
  width: i32,
  predictions: usize,
  targets: usize,
  gradient: usize,
  parameter: f32,
  scale: f32,
): f64 {
  switch (op) {
    case Op.OP_SPARSE_SOFTMAX_CROSSENTROPY:
      return sparseSoftmaxCrossentropy(rows, width, predictions, targets, gradient, parameter, scale);
    case Op.OP_SOFTMAX_CROSSENTROPY:
      return softmaxCrossentropy(rows, width, predictions, targets, gradient, parameter, scale);
    case Op.OP_SIGMOID_CROSSENTROPY:
      return sigmoidCrossentropy(rows, width, predictions, targets, gradient, parameter, scale);
    default:
      return lossByCode(code, rows, width, predictions, targets, gradient, parameter, scale);
  }
}

/**
 * Σ of the rows' losses, each times its weight, weights (rows) unless 0; gradient (rows, width) of factor · Σ / rows: as
 * in Keras, the mean is over all rows, whatever they weigh. A row of weight 0 counts nothing, be it NaN.
 */
export function batchLoss(
  op: i32,
  code: i32,
  rows: i32,
  width: i32,
  predictions: usize,
  targets: usize,
  gradient: usize,
  weights: usize,
  parameter: f32,
  factor: f32,
): f64 {
  const scale: f32 = factor / <f32>rows;
  if (weights == 0) return lossByOp(op, code, rows, width, predictions, targets, gradient, parameter, scale);
  const pitch = (<usize>width) << 2;
  const targetPitch: usize = op == Op.OP_SPARSE_SOFTMAX_CROSSENTROPY ? 4 : pitch;
  let total: f64 = 0;
  for (let i = 0; i < rows; ++i, weights += 4, predictions += pitch, targets += targetPitch) {
    const weight = load<f32>(weights);
    if (weight != 0) {
      const row = lossByOp(op, code, 1, width, predictions, targets, gradient, parameter, scale * weight);
      total += <f64>weight * row;
    } else if (gradient != 0) {
      memory.fill(gradient, 0, pitch);
    }
    if (gradient != 0) gradient += pitch;
  }
  return total;
}
