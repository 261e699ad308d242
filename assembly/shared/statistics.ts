// Where statistics are gathered, read by both compilers. Blocks grow by what each batch brings, until they are cleared.
//
//   tensor block   f64: count, not finite, sum, sum of squares, zeros   f32: least, greatest   u32: bins, four counts each
//   slope block    f64: rows, elements, saturated                      u32: active rows of each unit
//
// Bins are half octaves: a number's bin follows from its exponent and the first bit of its significand. Element i counts in the
// (i mod 4)-th count of its bin: where all are of one bin, one count would wait for itself.
//
//   −2²⁴ … −2⁻⁴⁰ │ smaller │ 2⁻⁴⁰ … 2²⁴
//     0 … 127        128      129 … 256

export const STATISTICS_COUNT = 0;
export const STATISTICS_NOT_FINITE = 8;
export const STATISTICS_SUM = 16;
export const STATISTICS_SQUARES = 24;
export const STATISTICS_ZEROS = 32;
export const STATISTICS_LEAST = 40;
export const STATISTICS_GREATEST = 44;
export const STATISTICS_BINS = 48;

export const BINS = 257;
export const BIN_LANES = 4;
export const BIN_BYTES = 4 * BIN_LANES;
export const BIN_OF_ZERO = 128;
export const BIN_LEAST_EXPONENT = -40;

export const TENSOR_BLOCK_WORDS = 1040; // 12 + 4 · BINS

export const SLOPES_ROWS = 0;
export const SLOPES_ELEMENTS = 8;
export const SLOPES_SATURATED = 16;
export const SLOPES_ACTIVE = 24;

export const SLOPE_BLOCK_WORDS = 6; // and one for each unit
