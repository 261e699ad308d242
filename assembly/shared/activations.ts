// Codes of the elementwise activations, read by both compilers. A new activation adds its code at the end, so that
// compiled programs keep their meaning.

export const ACTIVATION_LINEAR = 0;
export const ACTIVATION_RELU = 1;
export const ACTIVATION_SIGMOID = 2;
export const ACTIVATION_TANH = 3;
export const ACTIVATION_ELU = 4;
export const ACTIVATION_HARD_SIGMOID = 5;
export const ACTIVATION_RELU6 = 6;
export const ACTIVATION_LEAKY_RELU = 7;
export const ACTIVATION_SELU = 8;
export const ACTIVATION_CELU = 9;
export const ACTIVATION_GELU = 10;
export const ACTIVATION_GELU_TANH = 11;
export const ACTIVATION_SILU = 12;
export const ACTIVATION_SOFTPLUS = 13;
export const ACTIVATION_SOFTSIGN = 14;
export const ACTIVATION_HARD_SILU = 15;
export const ACTIVATION_EXPONENTIAL = 16;
export const ACTIVATION_MISH = 17;

// Functions that serve layers of one's own and are nobody's activation.
export const FUNCTION_LOG = 18;
export const FUNCTION_SQRT = 19;
export const FUNCTION_ABS = 20;
export const FUNCTION_RECIPROCAL = 21;

export const ACTIVATION_COUNT = 22;
