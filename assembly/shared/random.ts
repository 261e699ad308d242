// What the random numbers are for: the last word of Philox's counter. Two purposes never share a number.

export const STREAM_INITIALIZER = 1;
export const STREAM_SHUFFLE = 2;
export const STREAM_SPLIT = 3;
