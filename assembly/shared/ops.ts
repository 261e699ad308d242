// Op codes of the program's records, read by both compilers. Dense from zero, so that the executor's switch becomes one
// jump table. What each op's dimensions, operands and numbers mean stands in src/program/ops.ts, once.

export const OP_GATHER = 0;
export const OP_STORE = 1;
export const OP_GEMM_NN = 2;
export const OP_GEMM_NT = 3;
export const OP_GEMM_TN = 4;
export const OP_COLUMN_SUM = 5;
export const OP_ACTIVATION = 6;
export const OP_ACTIVATION_BACKWARD = 7;
export const OP_SOFTMAX = 8;
export const OP_SOFTMAX_BACKWARD = 9;
export const OP_AFFINE = 10;
export const OP_ADD = 11;
export const OP_SPARSE_SOFTMAX_CROSSENTROPY = 12;
export const OP_SOFTMAX_CROSSENTROPY = 13;
export const OP_SIGMOID_CROSSENTROPY = 14;
export const OP_LOSS = 15;
export const OP_SPARSE_ACCURACY = 16;
export const OP_CATEGORICAL_ACCURACY = 17;
export const OP_BINARY_ACCURACY = 18;
export const OP_GUARD = 19;
export const OP_SGD = 20;
export const OP_ADAM = 21;
export const OP_LOG_SOFTMAX = 22;
export const OP_LOG_SOFTMAX_BACKWARD = 23;
export const OP_PRELU = 24;
export const OP_PRELU_BACKWARD = 25;
export const OP_PRELU_ALPHA_BACKWARD = 26;
export const OP_ADAGRAD = 27;
export const OP_ADADELTA = 28;
export const OP_RMSPROP = 29;
export const OP_NADAM = 30;
export const OP_ADAMAX = 31;
export const OP_LION = 32;
export const OP_SCHEDULE = 33;
export const OP_ARGMAX = 34;
export const OP_TOP_K = 35;
export const OP_LOSS_METRIC = 36;
export const OP_BINARY_COUNTS = 37;
export const OP_CLASS_COUNTS = 38;
export const OP_CONFUSION = 39;
export const OP_AUC_COUNTS = 40;
export const OP_MOMENTS = 41;

export const OP_COUNT = 42;
