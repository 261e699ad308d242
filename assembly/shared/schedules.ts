// Schedules in linear memory: a block of f64, the kind first, then the numbers in the order given here. They are read by
// both compilers.

export const SCHEDULE_CONSTANT = 0; // rate
export const SCHEDULE_EXPONENTIAL = 1; // initial, decaySteps, decayRate, staircase
export const SCHEDULE_INVERSE_TIME = 2; // initial, decaySteps, decayRate, staircase
export const SCHEDULE_POLYNOMIAL = 3; // initial, decaySteps, end, power, cycle
export const SCHEDULE_PIECEWISE = 4; // n, boundaries (n), values (n + 1)
export const SCHEDULE_COSINE = 5; // initial, decaySteps, alpha, target, warmupSteps
export const SCHEDULE_ONE_CYCLE = 6; // initial, greatest, end, stepsUp, stepsDown, linear
export const SCHEDULE_WARMUP = 7; // initial, target, steps; then the block of what comes after
