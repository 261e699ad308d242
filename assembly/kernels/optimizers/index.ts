// Optimizers, by family: plain descent; second moments without a bias correction; Adam and its kin; Lion;
// and what averages: weights over steps, gradients over batches.

export { adadelta, adagrad, rmsprop } from "./adaptive";
export { adam, adamax, nadam } from "./adam";
export { moveMean } from "./average";
export { lion } from "./lion";
export { sgd } from "./sgd";
