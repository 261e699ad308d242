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
export const OP_ARGMAX = 22;
export const OP_TOP_K = 23;
export const OP_LOSS_METRIC = 24;
export const OP_BINARY_COUNTS = 25;
export const OP_CLASS_COUNTS = 26;
export const OP_CONFUSION = 27;
export const OP_AUC_COUNTS = 28;
export const OP_MOMENTS = 29;

export const OP_COUNT = 30;
