import * as L from "../../assembly/shared/layout.js";
import type { Instance } from "../runtime/instance.js";
import type { Program } from "./program.js";

/** One data source of a run: rows of f32 or bytes at an address. */
export interface Source {
  readonly address: number;
  readonly bytesPerValue: 1 | 4;
}

export type Status = "paused" | "epochDone" | "needsRows" | "nonFinite";

const STATUSES: readonly (Status | "helperLost")[] = ["paused", "epochDone", "needsRows", "nonFinite", "helperLost"];

/** Batches of one optimizer step whose gradients are accumulated, waiting for the rest of their group. */
export interface Group {
  readonly batches: number;
  readonly rows: number;
}

/** A run has room for these from the start. */
const FEW_METRIC_SLOTS = 8;

/** The header in linear memory: what a program runs on, and how far it has come. Reading and writing it crosses nothing. */
export class Run {
  readonly #engine: Instance;
  readonly #address: number;

  #metricSlots = 0;
  /** The program has records to share. */
  #shared = false;

  constructor(engine: Instance) {
    this.#engine = engine;
    this.#address = engine.heap.allocate(L.HEADER_BYTES, "the state of a run");
    this.#u32(L.HEADER_METRICS, 0);
    this.reserveMetrics(FEW_METRIC_SLOTS);
  }

  /** Makes room for `slots` of metrics: twice, for the batch and for the epoch. Larger or other ones lose their sums. */
  reserveMetrics(slots: number): void {
    if (slots === this.#metricSlots) return;
    const { heap } = this.#engine;
    const address = heap.allocate(Math.max(1, slots) * 16, "the sums of the metrics");
    const before = this.#read(L.HEADER_METRICS);
    if (before) heap.free(before);
    this.#engine.u8(address, slots * 16).fill(0);
    this.#u32(L.HEADER_METRICS, address);
    this.#u32(L.HEADER_METRIC_SLOTS, slots);
    this.#metricSlots = slots;
  }

  /** Points the run at a program, at its first record: whatever step was under way is dropped. */
  bind(program: Program): void {
    this.#u32(L.HEADER_RECORDS, program.address);
    this.#u32(L.HEADER_RECORD_COUNT, program.nodes.length);
    this.#u32(L.HEADER_SPLITS, program.splits);
    this.#u32(L.HEADER_PC, 0);
    this.#shared = program.splits !== 0;
  }

  /** Drops the step under way, of which nothing has been applied. */
  dropStep(): void {
    this.#u32(L.HEADER_PC, 0);
  }

  /**
   * Begins an epoch over `totalRows` rows at `position`, with its sums at zero. Of each `groupSize` batches the gradients
   * make one optimizer step; 0: those of each, and what is accumulated is left alone.
   */
  begin(epoch: { totalRows: number; batchRows: number; position?: number; groupSize?: number }): void {
    const { totalRows, batchRows, position = 0, groupSize = 0 } = epoch;
    this.#engine.crew?.refresh();
    this.#u32(L.HEADER_PC, 0);
    this.#u32(L.HEADER_TOTAL_ROWS, totalRows);
    this.#u32(L.HEADER_BATCH_ROWS, Math.min(batchRows, totalRows)); // a user's batch size may be beyond 32 bits
    this.#u32(L.HEADER_POSITION, position);
    this.#u32(L.HEADER_GROUP_SIZE, groupSize);
    this.sums = { loss: 0, samples: 0, metrics: [] };
  }

  /** Where the epoch ends, once that is known. */
  set totalRows(rows: number) {
    this.#u32(L.HEADER_TOTAL_ROWS, rows);
  }

  /** How rows are ordered: as they come, or drawn anew for the epoch at the next step. */
  order(options: { address: number; shuffle: boolean; epoch: number; seed: number }): void {
    this.#u32(L.HEADER_ORDER, options.address);
    this.#u32(L.HEADER_SHUFFLE, options.shuffle ? 1 : 0);
    this.#u32(L.HEADER_EPOCH, options.epoch);
    this.#u32(L.HEADER_SEED_LO, options.seed >>> 0);
    this.#u32(L.HEADER_SEED_HI, Math.floor(options.seed / 0x100000000));
  }

  sources(sources: readonly Source[]): void {
    sources.forEach(({ address, bytesPerValue }, i) => {
      this.#u32(L.HEADER_SOURCES + i * L.SOURCE_BYTES, address);
      this.#u32(L.HEADER_SOURCES + i * L.SOURCE_BYTES + 4, bytesPerValue === 1 ? L.SOURCE_U8 : L.SOURCE_F32);
    });
  }

  /**
   * The sources hold only rows `start` … `start + rows` of the epoch, laid in its order, or where they are `ordered`, in
   * that which `order` gives; undefined: all rows.
   */
  window(window?: { start: number; rows: number; ordered?: boolean }): void {
    this.#u32(L.HEADER_WINDOWED, window?.ordered ? 2 : window ? 1 : 0);
    this.#u32(L.HEADER_WINDOW_START, window?.start ?? 0);
    this.#u32(L.HEADER_WINDOW_ROWS, window?.rows ?? 0);
  }

  /** Where each output that is stored goes to. */
  sinks(addresses: readonly number[]): void {
    addresses.forEach((address, i) => this.#u32(L.HEADER_SINKS + i * 4, address));
  }

  /** The optimizer's hyperparameters; what is undefined stays as it is. */
  hyper(values: readonly (number | undefined)[]): void {
    values.forEach((value, i) => {
      if (value !== undefined) this.#engine.view.setFloat64(this.#address + L.HEADER_HYPER + i * 8, value, true);
    });
  }

  /** The optimizer's rate at the last step. */
  get learningRate(): number {
    return this.#engine.view.getFloat64(this.#address + L.HEADER_HYPER, true);
  }

  /**
   * Runs until `cost` is spent or `steps` are done (0: any number), or something else ends the slice.
   *
   * @throws LanewiseError `threads/worker-died`; what was not applied of a step is to be dropped
   */
  slice(cost: number, steps = 0): Status {
    if (this.#shared) this.#engine.crew!.muster();
    this.#engine.view.setFloat64(this.#address + L.HEADER_BUDGET, cost, true);
    this.#u32(L.HEADER_MAX_STEPS, steps);
    const status = STATUSES[this.#engine.exports.run(this.#address)]!;
    if (status === "helperLost") throw this.#engine.crew!.lost();
    return status;
  }

  /** Between two steps, rather than within one. */
  get atStep(): boolean {
    return this.#read(L.HEADER_PC) === 0;
  }

  get position(): number {
    return this.#read(L.HEADER_POSITION);
  }

  get sliceSteps(): number {
    return this.#read(L.HEADER_SLICE_STEPS);
  }

  get sliceCost(): number {
    return this.#engine.view.getFloat64(this.#address + L.HEADER_SLICE_COST, true);
  }

  /** Optimizer steps since compile. */
  get step(): number {
    return this.#read(L.HEADER_STEP);
  }

  set step(step: number) {
    this.#u32(L.HEADER_STEP, step);
  }

  get group(): Group {
    return { batches: this.#read(L.HEADER_GROUP_BATCHES), rows: this.#read(L.HEADER_GROUP_ROWS) };
  }

  set group({ batches, rows }: Group) {
    this.#u32(L.HEADER_GROUP_BATCHES, batches);
    this.#u32(L.HEADER_GROUP_ROWS, rows);
  }

  /** The loss of the batch that was halted, summed over its rows. */
  get batchLoss(): number {
    return this.#engine.view.getFloat64(this.#address + L.HEADER_BATCH_LOSS, true);
  }

  /** Sums over the samples of the finished steps of this epoch. */
  get sums(): Sums {
    const at = this.#address;
    const { view } = this.#engine;
    return {
      loss: view.getFloat64(at + L.HEADER_LOSS_SUM, true),
      samples: view.getFloat64(at + L.HEADER_SAMPLE_SUM, true),
      metrics: Array.from({ length: this.#metricSlots }, (_, i) => view.getFloat64(this.#sumAddress(i), true)),
    };
  }

  set sums({ loss, samples, metrics }: Sums) {
    const at = this.#address;
    const { view } = this.#engine;
    view.setFloat64(at + L.HEADER_LOSS_SUM, loss, true);
    view.setFloat64(at + L.HEADER_SAMPLE_SUM, samples, true);
    for (let i = 0; i < this.#metricSlots; i++) view.setFloat64(this.#sumAddress(i), metrics[i] ?? 0, true);
  }

  /** Of the epoch's sum in slot i, behind the slots of the batch. */
  #sumAddress(i: number): number {
    return this.#read(L.HEADER_METRICS) + (this.#metricSlots + i) * 8;
  }

  #u32(offset: number, value: number): void {
    this.#engine.view.setUint32(this.#address + offset, value, true);
  }

  #read(offset: number): number {
    return this.#engine.view.getUint32(this.#address + offset, true);
  }
}

export interface Sums {
  readonly loss: number;
  readonly samples: number;
  readonly metrics: readonly number[];
}
