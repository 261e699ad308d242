import { DataError } from "../errors.js";
import { type LossDescription, lossRow, targetShape } from "../losses/table.js";
import type { Run, Source } from "../program/run.js";
import type { Instance } from "../runtime/instance.js";
import type { Shape } from "../shape.js";
import type { Architecture } from "./architecture.js";
import type { Compiled, Core } from "./core.js";
import {
  refuseDifferentLengths,
  refuseNonFinite,
  refuseOtherThanSigns,
  type Rowlike,
  type Rows,
  sliceRows,
  type Targets,
  toLabels,
  toRows,
  toUncheckedRows,
} from "./data.js";
import type { FrozenPart } from "./frozenPart.js";
import { perPort, type PerPort, portLabel } from "./ports.js";

/** What data are copied into: a network's ports, and the memory that it runs in. */
export interface Host {
  readonly engine: Instance;
  readonly architecture: Pick<Architecture, "inputs" | "outputs">;
  readonly seed: number;
  /** Most bytes of x and y that are kept in WebAssembly's memory at once. */
  readonly windowBytes: number;
}

/** What `x` may be: rows, or where a model has several inputs, rows for each, in order or by name. */
export type Inputs = PerPort<Rowlike>;
/** What `y` may be: the same for outputs. */
export type Outputs = PerPort<Targets>;

/** `{ data, shape }` is rows itself, and no record of several inputs. */
const isEntry = (given: object) => "data" in given && "shape" in given;

/** Checks x: the rows of each input, all equally many. */
export function toInputs(core: Pick<Host, "architecture">, x: Inputs, suffix = ""): Rows[] {
  const rows = toUncheckedInputs(core, x, suffix);
  refuseNonFiniteInputs(core, rows, suffix);
  return rows;
}

/** The same, but that values may be infinite or NaN, which `Dataset.isFinite` tells faster. */
export function toUncheckedInputs(core: Pick<Host, "architecture">, x: Inputs, suffix = ""): Rows[] {
  const { inputs } = core.architecture;
  const rows = perPort<Rowlike>(x, inputs, `x${suffix}`, { isEntry }).map((given, i) =>
    toUncheckedRows(given, inputs[i]!.shape, portLabel("x", inputs, i) + suffix),
  );
  refuseDifferentRows(rows, (i) => portLabel("x", inputs, i) + suffix);
  return rows;
}

/** @throws DataError naming input, row and column */
export function refuseNonFiniteInputs(core: Pick<Host, "architecture">, rows: readonly Rows[], suffix = ""): void {
  rows.forEach((array, i) => refuseNonFinite(array, portLabel("x", core.architecture.inputs, i) + suffix));
}

/** Checks x, and y by what each loss wants of it: inputs first, then targets. Nothing is copied yet. */
export function toSamples(core: Core, { outputs: compiled }: Compiled, x: Inputs, y: Outputs, suffix = ""): Rows[] {
  const { outputs } = core.architecture;
  const xRows = toInputs(core, x, suffix);
  if (y === undefined || y === null) {
    throw new DataError("data/no-targets", `y${suffix} is missing; each row of x${suffix} needs its target.`);
  }
  const yRows = perPort<Targets>(y, outputs, `y${suffix}`, { isEntry }).map((given, i) =>
    toTargets(given, compiled[i]!.loss, outputs[i]!.shape, portLabel("y", outputs, i) + suffix),
  );
  refuseDifferentRows([xRows[0]!, ...yRows], (i) => (i === 0 ? "x" : portLabel("y", outputs, i - 1)) + suffix);
  return [...xRows, ...yRows];
}

function toTargets(given: Targets, loss: LossDescription, output: Shape, name: string): Rows {
  const { targets, classes } = lossRow(loss);
  const shape = targetShape(loss, output);
  if (targets === "labels") return toLabels(given, shape, output.at(-1)!, name);
  const rows = toRows(given, shape, name);
  if (classes === "sign") refuseOtherThanSigns(rows, loss.name, name);
  return rows;
}

function refuseDifferentRows(all: readonly Rows[], nameOf: (index: number) => string): void {
  all.forEach((rows, i) => refuseDifferentLengths(all[0]!, rows, nameOf(0), nameOf(i)));
}

/** Inputs that are kept as what a frozen part makes of them. */
interface Cached {
  readonly part: FrozenPart;
  /** What stands for the sources of the inputs. */
  sources(inputs: readonly Source[]): readonly Source[];
}

/** Rows of an epoch whose end is not known: more than there can be. */
export const OPEN_END = 0x7fffffff;

/** What a run reads its rows from: arrays, or a stream of which some are at hand. */
export interface Feed {
  /** In an epoch; undefined while a stream has not ended. */
  readonly rows: number | undefined;
  /** Each row comes with a weight. */
  readonly weighted: boolean;
  /** Copies of each output's targets, where metrics want them. */
  readonly targets: readonly Rows[] | undefined;
  /** Rows that are read at once. */
  readonly batchRows: number;
  /** Where it is set, a run reads what the frozen part makes of the inputs. */
  readonly cached: Cached | undefined;
  /**
   * Makes `run` read this: in an order drawn for the `epoch` key, or as rows come without one. The function that is returned
   * brings those from the run's position on, when it needs rows.
   */
  attach(run: Run, epoch?: number): () => void | Promise<void>;
  release(): void | Promise<void>;
}

interface DatasetOptions {
  /** The order of rows may be drawn. */
  shuffle: boolean;
  batchRows: number;
  /** Keep all rows in WebAssembly's memory, however many. */
  resident?: boolean;
  /** Also keep a copy of y on the host, for metrics that are functions. */
  keepTargets?: boolean;
}

/**
 * Rows of x (and y, and weights) that a run reads: whole in WebAssembly's memory where they fit, else through a window that is
 * refilled in the epoch's order. Which of the two it is changes no bit.
 */
export class Dataset implements Feed {
  readonly rows: number;
  readonly weighted: boolean;
  readonly targets: readonly Rows[] | undefined;
  readonly batchRows: number;
  /** Of all rows of all arrays. */
  readonly bytes: number;
  cached: Cached | undefined;
  readonly #core: Host;
  readonly #arrays: readonly Rows[];
  readonly #blocks: readonly number[];
  readonly #order: number;
  /** Rows that the blocks hold. */
  readonly #held: number;

  /** Copies `arrays` in; afterwards the caller may do with them what it likes. */
  constructor(core: Host, arrays: readonly Rows[], options: DatasetOptions) {
    const { shuffle, batchRows, resident: kept = false, keepTargets = false } = options;
    this.#core = core;
    this.rows = arrays[0]!.rows;
    const { inputs, outputs } = core.architecture;
    this.weighted = arrays.length > inputs.length + outputs.length;
    const targets = arrays.slice(inputs.length, inputs.length + outputs.length);
    this.targets = keepTargets ? targets.map((y) => ({ ...y, data: y.data.slice() })) : undefined;
    this.batchRows = Math.min(batchRows, this.rows);
    const rowBytes = arrays.reduce((bytes, { data, width }) => bytes + width * data.BYTES_PER_ELEMENT, 0);
    this.bytes = rowBytes * this.rows;
    const fits = kept || this.bytes <= core.windowBytes;
    const batches = Math.max(1, Math.floor(core.windowBytes / (rowBytes * this.batchRows)));
    this.#held = fits ? this.rows : Math.min(this.rows, batches * this.batchRows);
    const resident = this.#held === this.rows;
    this.#arrays = resident ? arrays : arrays.map((array) => ({ ...array, data: array.data.slice() }));

    const { heap } = core.engine;
    const allocated: number[] = [];
    try {
      for (const { data, width } of arrays) {
        allocated.push(heap.allocate(this.#held * width * data.BYTES_PER_ELEMENT, "rows of data"));
      }
      this.#order = shuffle ? heap.allocate(this.rows * 4, "the order of rows") : 0;
    } catch (error) {
      for (const address of allocated) heap.free(address);
      throw error;
    }
    this.#blocks = allocated;
    if (resident) {
      arrays.forEach(({ data }, i) => this.#copy(i, data, 0));
      this.#arrays = arrays.map((array) => ({ ...array, data: array.data.subarray(0, 0) }));
    }
  }

  attach(run: Run, epoch?: number): () => void {
    const windowed = this.#held < this.rows;
    const shuffle = epoch !== undefined && this.#order !== 0;
    const sources = this.#arrays.map(({ data }, i): Source => ({
      address: this.#blocks[i]!,
      bytesPerValue: data.BYTES_PER_ELEMENT === 1 ? 1 : 4,
    }));
    const inputs = this.#core.architecture.inputs.length;
    run.sources(this.cached ? [...this.cached.sources(sources.slice(0, inputs)), ...sources.slice(inputs)] : sources);
    run.order({ address: shuffle ? this.#order : 0, shuffle, epoch: epoch ?? 0, seed: this.#core.seed });
    run.window(windowed ? { start: 0, rows: 0 } : undefined);
    return () => this.#refill(run, shuffle);
  }

  #refill(run: Run, shuffled: boolean): void {
    const start = run.position;
    const count = Math.min(this.#held, this.rows - start);
    const order = shuffled ? this.#core.engine.u32(this.#order, this.rows) : undefined;
    this.#arrays.forEach((array, i) => {
      for (let row = 0; row < count; row++) {
        const from = order ? order[start + row]! : start + row;
        this.#copy(i, sliceRows(array, from, 1).data, row * array.width);
      }
    });
    run.window({ start, rows: count });
  }

  /** Whether all values that lie in WebAssembly's memory are finite. */
  isFinite(): boolean {
    const { exports } = this.#core.engine;
    return this.#arrays.every(({ data, width }, i) => {
      return data.BYTES_PER_ELEMENT === 1 || exports.allFinite(this.#held * width, this.#blocks[i]!) === 1;
    });
  }

  release(): void {
    for (const address of this.#blocks) this.#core.engine.heap.free(address);
    if (this.#order) this.#core.engine.heap.free(this.#order);
  }

  #copy(array: number, data: Float32Array | Uint8Array, offset: number): void {
    const { engine } = this.#core;
    const bytes = data.BYTES_PER_ELEMENT;
    const address = this.#blocks[array]! + offset * bytes;
    if (bytes === 1) engine.u8(address, data.length).set(data);
    else engine.f32(address, data.length).set(data);
  }
}
