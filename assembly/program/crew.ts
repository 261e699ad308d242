// The threads of a model and how they meet: thread 0 calls out a record's parts, whoever is free takes one, and thread 0
// goes on when all are done. A call that nobody answers is no harm: thread 0 then takes every part itself, so helpers may
// come late, sleep, or be gone. Only who has begun a part is waited for.
//
// Who waits spins a while, since what it waits for is mostly near, then sleeps until it is woken: a thread that is waited for may
// need the core. Thread 0 may be a page's main thread, where sleeping is not allowed: there it spins on.

import * as L from "../shared/layout";

/** About 50 µs: the longest that a helper looks for the next call before it sleeps. */
const SPIN_TURNS = 20000;
/** About 0.5 ms: the longest that thread 0 looks whether the others are done before it sleeps, where it may. */
const LONG_SPIN_TURNS = 200000;
/** Some ten seconds: what is begun takes milliseconds, so who has not come back by then is gone. */
const PATIENCE_TURNS: i64 = 1 << 33;
const SECOND: i64 = 1000000000; // in nanoseconds
const TIMED_OUT = 2; // what a wait returns

let crew: usize = 0;
let thread: i32 = 0;
let scratch: usize = 0;
let maySleep: bool = false;
let expected: i32 = 0; // parts that helpers have taken since thread 0 joined
let lost: bool = false;

/** This instance is thread `index` of those that meet at `address`; helpers pack in `ownScratch`, and may always sleep. */
export function join(address: usize, index: i32, ownScratch: usize, sleeps: bool): void {
  maySleep = sleeps;
  crew = address;
  thread = index;
  scratch = ownScratch;
  expected = 0;
  lost = false;
}

/** Where a product packs: helpers have a place of their own. */
// @ts-ignore: decorator
@inline
export function scratchOr(recordScratch: usize): usize {
  return ASC_FEATURE_THREADS && thread > 0 ? scratch : recordScratch;
}

/** Whether a helper did not come back from its part. */
export function helperLost(): bool {
  return lost;
}

// ── Thread 0 ───────────────────────────────────────────────────────────────────────────────────────────────────────

export function callOut(record: usize, header: usize, split: usize, parts: i32): void {
  store<u32>(crew, <u32>record, L.CREW_RECORD);
  store<u32>(crew, <u32>header, L.CREW_HEADER);
  store<u32>(crew, <u32>split, L.CREW_SPLIT);
  store<i32>(crew, parts, L.CREW_PARTS);
  store<i32>(crew, 0, L.CREW_HALT);
  const number = <u64>(load<u32>(crew, L.CREW_CALL) + 1);
  atomic.store<u64>(crew, (number << 32) | (((<u64>1) << parts) - 1), L.CREW_OPEN);
  if (atomic.load<i32>(crew, L.CREW_ASLEEP) > 0) atomic.notify(crew + L.CREW_CALL, -1);
}

/** Waits for `taken` parts that helpers took; false if one halts the step, failed, or seems never to come back. */
export function awaitHelpers(taken: i32): bool {
  expected += taken;
  let turns: i64 = 0;
  while (atomic.load<i32>(crew, L.CREW_DONE) != expected && turns < PATIENCE_TURNS) {
    turns++;
    if (maySleep && turns > LONG_SPIN_TURNS && sleepUntilDone() == TIMED_OUT) turns += PATIENCE_TURNS / 10;
  }
  lost = turns >= PATIENCE_TURNS || load<i32>(crew, L.CREW_FAILED) != 0;
  return !lost && load<i32>(crew, L.CREW_HALT) == 0;
}

/** Until one more part is done, or a second has gone by. Asleep is said before it looks, as helpers do. */
function sleepUntilDone(): i32 {
  atomic.store<i32>(crew, 1, L.CREW_WAITING);
  const done = atomic.load<i32>(crew, L.CREW_DONE);
  const result = done == expected ? 0 : <i32>atomic.wait<i32>(crew + L.CREW_DONE, done, SECOND);
  atomic.store<i32>(crew, 0, L.CREW_WAITING);
  return result;
}

// ── Any thread ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Takes an open part: its own, so that what a thread wrote lies in its cache, or else the first. −1: there is none. */
export function takeOpen(): i32 {
  let call = atomic.load<u64>(crew, L.CREW_OPEN);
  while (true) {
    const open = <u32>call;
    if (open == 0) return -1;
    const part = (open >>> thread) & 1 ? thread : <i32>ctz<u32>(open);
    const found = atomic.cmpxchg<u64>(crew, call, call & ~((<u64>1) << part), L.CREW_OPEN);
    if (found == call) return part;
    call = found;
  }
}

// ── Helpers ────────────────────────────────────────────────────────────────────────────────────────────────────────

// What the call under way is about: it stays while a part of it is begun and not done.
// @ts-ignore: decorator
@inline
export function called(offset: usize): usize {
  return <usize>load<u32>(crew + offset);
}

export function reportDone(halt: bool): void {
  if (halt) atomic.store<i32>(crew, 1, L.CREW_HALT);
  atomic.add<i32>(crew, 1, L.CREW_DONE);
  if (atomic.load<i32>(crew, L.CREW_WAITING)) atomic.notify(crew + L.CREW_DONE, 1);
}

/** Until there may be parts to take. */
export function awaitCall(): void {
  for (let turns = 0; turns < SPIN_TURNS; turns++) {
    if (atomic.load<u32>(crew, L.CREW_OPEN) != 0) return;
  }
  // Asleep is said before the call is looked at, and a call is made before asleep is: one of both sees the other.
  atomic.add<i32>(crew, 1, L.CREW_ASLEEP);
  const number = atomic.load<i32>(crew, L.CREW_CALL);
  if (atomic.load<u32>(crew, L.CREW_OPEN) == 0) atomic.wait<i32>(crew + L.CREW_CALL, number, -1);
  atomic.sub<i32>(crew, 1, L.CREW_ASLEEP);
}
