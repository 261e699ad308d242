// The layout of programs in linear memory, read by both compilers: plain constants only, so that both fold them.
//
//   header (HEADER_BYTES) ── HEADER_RECORDS ──▶ record 0 │ record 1 │ …        (RECORD_WORDS words of 4 bytes each)
//
// Change anything here and ABI_VERSION goes up by one: the loader refuses a module that was built from another layout.

export const ABI_VERSION = 6;

// ── A record: what to do (op), on what sizes (dims), where (pointers) ──────────────────────────────────────────────
//
//   word  0   1      2     3 4 5     6 … 11       12 13       14 15
//         op  flags  cost  dim0..2   pointer0..5  number0..1  integer0..1
//
// A dim whose flag bit is set is multiplied by the header's row count when the record runs, so that a partial batch
// needs no second program. Cost and numbers are f32, pointers are byte addresses (0: absent), integers are i32.

export const RECORD_WORDS = 16;
export const RECORD_BYTES = 64;

export const RECORD_OP = 0;
export const RECORD_FLAGS = 4;
export const RECORD_COST = 8;
export const RECORD_DIM0 = 12;
export const RECORD_DIM1 = 16;
export const RECORD_DIM2 = 20;
export const RECORD_POINTER0 = 24;
export const RECORD_POINTER1 = 28;
export const RECORD_POINTER2 = 32;
export const RECORD_POINTER3 = 36;
export const RECORD_POINTER4 = 40;
export const RECORD_POINTER5 = 44;
export const RECORD_NUMBER0 = 48;
export const RECORD_NUMBER1 = 52;
export const RECORD_INTEGER0 = 56;
export const RECORD_INTEGER1 = 60;

export const FLAG_DIM0_ROWS = 1;
export const FLAG_DIM1_ROWS = 2;
export const FLAG_DIM2_ROWS = 4;

export const MAX_DIMS = 3;
export const MAX_POINTERS = 6;
export const MAX_NUMBERS = 2;
export const MAX_INTEGERS = 2;

// ── The header: the state of a run; byte offsets ───────────────────────────────────────────────────────────────────

export const HEADER_RECORDS = 0; // address of record 0
export const HEADER_RECORD_COUNT = 4;
export const HEADER_STATUS = 8;
export const HEADER_PC = 12; // the next record
export const HEADER_ROWS = 16; // rows in the batch under way
export const HEADER_BATCH_ROWS = 20; // rows in a full batch
export const HEADER_TOTAL_ROWS = 24; // rows in an epoch
export const HEADER_POSITION = 28; // rows of this epoch that are done: the first row of the batch under way
export const HEADER_ORDER = 32; // address of the epoch's order of rows (u32 each), 0: as they come
export const HEADER_SHUFFLE = 36; // 1: draw the order anew when an epoch begins
export const HEADER_EPOCH = 40; // epochs begun since compile: keys the shuffle
export const HEADER_WINDOWED = 44; // 1: the window holds rows already in order, from HEADER_WINDOW_START on; 2: HEADER_ORDER tells theirs
export const HEADER_WINDOW_START = 48;
export const HEADER_WINDOW_ROWS = 52;
export const HEADER_STEP = 56; // optimizer steps since compile
export const HEADER_MAX_STEPS = 60; // pause after this many steps of the slice, 0: no limit
export const HEADER_BUDGET = 64; // pause when this much cost is spent, f64
export const HEADER_SEED_LO = 72;
export const HEADER_SEED_HI = 76;
export const HEADER_SLICE_STEPS = 80; // steps finished in the slice
export const HEADER_SLICE_COST = 88; // cost spent in the slice, f64
export const HEADER_BATCH_LOSS = 104; // sum of the batch's losses, f64
export const HEADER_LOSS_SUM = 112; // sum of the losses of the epoch's finished steps, f64
export const HEADER_SAMPLE_SUM = 120; // their rows, f64
export const HEADER_METRICS = 128; // address of the metrics' slots, f64 each: those of the batch, then those of the epoch
export const HEADER_METRIC_SLOTS = 132; // how many slots; the epoch's hold the sums over its finished steps
export const HEADER_GROUP_SIZE = 136; // batches whose gradients make one optimizer step; 0: what is accumulated is left alone
export const HEADER_GROUP_BATCHES = 140; // batches of the group under way that are accumulated
export const HEADER_GROUP_ROWS = 144; // their rows
export const HEADER_SPLITS = 148; // address of split 0 where several threads may work, 0: one does
export const HEADER_HYPER = 256; // f64 × MAX_HYPER: the optimizer's hyperparameters, in the order of its table's row
export const HEADER_SOURCES = 320; // MAX_SOURCES × { address, type }: the data that OP_GATHER reads
export const HEADER_SINKS = 576; // MAX_SINKS addresses: where OP_STORE writes row HEADER_POSITION

export const HEADER_BYTES = 640;
export const MAX_METRIC_SLOTS = 16777216;
export const MAX_HYPER = 8;
export const MAX_GROUP_BATCHES = 65535; // a batch's index in its group keys random numbers, in 16 bits
export const MAX_SOURCES = 32;
export const MAX_SINKS = 16;
export const SOURCE_BYTES = 8;

export const SOURCE_F32 = 0;
export const SOURCE_U8 = 1;

// ── What a slice ends with ─────────────────────────────────────────────────────────────────────────────────────────

export const STATUS_PAUSED = 0; // the budget or the steps of the slice are spent; run again to go on
export const STATUS_EPOCH_DONE = 1;
export const STATUS_NEEDS_ROWS = 2; // the batch that comes next is not in the window
export const STATUS_NON_FINITE = 3; // the loss or a gradient is not finite; nothing of this step was applied
export const STATUS_HELPER_LOST = 4; // a thread that had begun a part of a record did not come back

// ── Segments: what the optimizer walks ─────────────────────────────────────────────────────────────────────────────
//
//   { offset: u32 (elements), length: u32 (elements), rateScale: f32, decay: f32 }

export const SEGMENT_BYTES = 16;
export const SEGMENT_OFFSET = 0;
export const SEGMENT_LENGTH = 4;
export const SEGMENT_RATE_SCALE = 8;
export const SEGMENT_DECAY = 12;

// ── Threads: how a record's work is shared out, in programs for several ────────────────────────────────────────────
//
//   split (one a record):  { parts, unit, leastRows, –, –, –, stride0 … stride5, –, –, –, – } of u32
//
// Dim 0 is cut at multiples of `unit`, and each operand lies `stride` bytes further for each of it; unit 0: the kernel
// cuts by itself. With fewer than `leastRows` rows in the batch, or parts below 2, one thread does all of it.

export const SPLIT_BYTES = 64;
export const SPLIT_PARTS = 0;
export const SPLIT_UNIT = 4;
export const SPLIT_LEAST_ROWS = 8;
export const SPLIT_STRIDE0 = 24;

// The crew: what threads tell one another through, a cache line for each direction.
//
//   line 0, by all:       call { open parts as bits, number of the call }, how many helpers sleep, whether thread 0 does
//   line 1, by thread 0:  what the call is about
//   line 2, by helpers:   parts done since they came (begun and failed, too), whether one failed, whether one halts the step

export const CREW_BYTES = 192;
export const CREW_OPEN = 0;
export const CREW_CALL = 4; // helpers sleep on it
export const CREW_ASLEEP = 8;
export const CREW_WAITING = 12;
export const CREW_RECORD = 64;
export const CREW_HEADER = 68;
export const CREW_SPLIT = 72;
export const CREW_PARTS = 76;
export const CREW_DONE = 128;
export const CREW_FAILED = 132;
export const CREW_HALT = 136;

export const MAX_THREADS = 32; // parts are the bits of a word

// ── Memory ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export const ALIGNMENT_BYTES = 64; // of every block handed out
export const SLACK_BYTES = 64; // readable bytes behind every block: a kernel's last load may run over by up to 60
