import { RECORD_BYTES, SLACK_BYTES, SPLIT_BYTES } from "../../assembly/shared/layout.js";
import type { Instance } from "../runtime/instance.js";
import { encode } from "./encode.js";
import { optimize } from "./fuse.js";
import type { Node } from "./graph.js";
import { align, planMemory } from "./memory.js";
import { encodeSplits, splitsOf } from "./split.js";
import { type Region, verify } from "./verify.js";

/**
 * The records of one mode (training, evaluating …) and the arena that they work in:
 *
 *   block ──▶ record 0 │ record 1 │ … │ split 0 │ split 1 │ … │ arena
 *
 * Splits are there for several threads, where they would pay.
 *
 * Made for a number of rows; more rows lay out the block anew, fewer run as they are.
 */
export class Program {
  readonly nodes: readonly Node[];
  readonly #engine: Instance;
  readonly #regions: readonly Region[];
  #block = 0;
  #capacity = 0;
  #splits = 0;

  /** `regions` are what it may touch outside of its own block; `passes` run over the nodes first. */
  constructor(engine: Instance, nodes: readonly Node[], regions: readonly Region[], passes = optimize) {
    this.#engine = engine;
    this.#regions = regions;
    this.nodes = passes(nodes);
  }

  get address(): number {
    return this.#block;
  }

  /** Where the splits are; 0: one thread runs it. */
  get splits(): number {
    return this.#splits;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** Makes room for batches of `rows`; the records may move. */
  ensure(rows: number): void {
    if (rows <= this.#capacity) return;
    const plan = planMemory(this.nodes, rows);
    const splits = splitsOf(this.nodes, rows, this.#engine.threads);
    const recordBytes = align(this.nodes.length * (RECORD_BYTES + (splits ? SPLIT_BYTES : 0)) + SLACK_BYTES);
    const block = this.#engine.heap.allocate(recordBytes + plan.bytes, `a program for batches of ${rows} rows`);
    const arena: Region = { name: "the arena", address: block + recordBytes, bytes: plan.bytes, writable: true };
    try {
      encode(this.#engine.view, block, this.nodes, plan, arena.address, rows);
      if (splits) encodeSplits(this.#engine.view, block + this.nodes.length * RECORD_BYTES, splits);
      verify(this.#engine.view, block, this.nodes.length, rows, [arena, ...this.#regions]);
    } catch (error) {
      this.#engine.heap.free(block);
      throw error;
    }
    this.release();
    this.#block = block;
    this.#capacity = rows;
    this.#splits = splits ? block + this.nodes.length * RECORD_BYTES : 0;
  }

  /** Gives its memory back; `ensure` makes it usable again. */
  release(): void {
    if (this.#capacity > 0) this.#engine.heap.free(this.#block);
    this.#capacity = 0;
  }
}
