// Optimizers, by family: plain descent; second moments without a bias correction; Adam and its kin; Lion.

export { adadelta, adagrad, rmsprop } from "./adaptive";
export { adam, adamax, nadam } from "./adam";
export { lion } from "./lion";
export { sgd } from "./sgd";
