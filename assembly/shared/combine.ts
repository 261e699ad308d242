// Codes of the functions of two values, read by both compilers. A new one adds its code at the end.

export const COMBINE_ADD = 0; // a + b
export const COMBINE_SUBTRACT = 1; // a − b
export const COMBINE_MULTIPLY = 2; // a · b
export const COMBINE_DIVIDE = 3; // a / b
export const COMBINE_MAXIMUM = 4; // the greater of both
export const COMBINE_MINIMUM = 5; // the lesser
export const COMBINE_AT_LEAST = 6; // 1 where a ≥ b, else 0
export const COMBINE_LESS = 7; // 1 where a < b, else 0
export const COMBINE_AT_MOST = 8; // 1 where a ≤ b, else 0
export const COMBINE_GREATER = 9; // 1 where a > b, else 0
export const COMBINE_EQUAL = 10; // 1 where a = b, else 0

export const COMBINE_COUNT = 11;
