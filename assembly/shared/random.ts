// Random numbers are a pure function of what they are for, read by both compilers. Philox's key is the seed; the four
// words of its counter are
//
//   element   op   step   stream
//
// element  which number (or block of four numbers) of the draw
// op       which draw: the ordinal of a weight or a layer, or how often a number had to be drawn again; in a layer's
//          draws, the upper 16 bits tell the batches of one optimizer step apart (0: the first)
// step     when: the optimizer step or the epoch, 0 before training
// stream   what for: two purposes never share a number

export const STREAM_INITIALIZER = 1;
export const STREAM_SHUFFLE = 2;
export const STREAM_SPLIT = 3;
export const STREAM_DROPOUT = 4;
export const STREAM_NOISE = 5;
export const STREAM_FOLDS = 6;
export const STREAM_SEARCH = 7;
export const STREAM_CLASSIFIER = 8;
export const STREAM_BUFFER = 9;
