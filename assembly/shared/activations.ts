// Codes of the elementwise activations, read by both compilers. A new activation adds its code at the end, so that
// compiled programs keep their meaning.

export const ACTIVATION_LINEAR = 0;
export const ACTIVATION_RELU = 1;
export const ACTIVATION_SIGMOID = 2;
export const ACTIVATION_TANH = 3;
export const ACTIVATION_ELU = 4;

export const ACTIVATION_COUNT = 5;
