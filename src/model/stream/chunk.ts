import { show } from "../../check.js";
import { DataError } from "../../errors.js";
import type { Compiled, Core } from "../core.js";
import type { Rows } from "../data.js";
import { toSamples } from "../dataset.js";
import { type ClassWeight, weightsOf } from "../weights.js";
import type { Chunk } from "./source.js";

/** What a chunk holds, checked as `fit` checks its arrays: rows of inputs, of outputs, and weights. Copies. */
export function rowsOfChunk(
  core: Core,
  compiled: Compiled,
  given: unknown,
  { suffix, classWeight }: { suffix: string; classWeight: ClassWeight | undefined },
): Rows[] {
  const { x, y, sampleWeight } = checkChunk(given, suffix);
  const samples = toSamples(core, compiled, x, y, suffix);
  const weights = weightsOf(core, compiled, samples, { sampleWeight, classWeight }, suffix);
  return [...samples, ...weights].map((rows) => ({ ...rows, data: rows.data.slice() }));
}

function checkChunk(given: unknown, suffix: string): Chunk {
  const known = ["x", "y", "sampleWeight"];
  const keys = typeof given === "object" && given !== null && !ArrayBuffer.isView(given) ? Object.keys(given) : [];
  if (keys.includes("x") && keys.includes("y") && keys.every((key) => known.includes(key))) return given as Chunk;
  const got = keys.length > 0 && !Array.isArray(given) ? `{ ${keys.join(", ")} }` : show(given);
  throw new DataError(
    "data/bad-chunk",
    `A chunk is { x, y } or { x, y, sampleWeight }; got ${got} as what was to be${suffix.replace(/^ of/, "")}.`,
  );
}

/** What its first chunk says of a stream: into which blocks all rows go. */
export class ChunkFormat {
  readonly #nameOf: (index: number) => string;
  readonly #first: readonly Rows[];
  readonly #ports: number;

  constructor({ architecture: { inputs, outputs } }: Core, first: readonly Rows[]) {
    this.#first = first.map((rows) => ({ ...rows, data: rows.data.subarray(0, 0) }));
    this.#ports = inputs.length + outputs.length;
    this.#nameOf = (i) => (i < inputs.length ? "x" : i < this.#ports ? "y" : "sampleWeight");
  }

  get weighted(): boolean {
    return this.#first.length > this.#ports;
  }

  /** Of each array: values a row, and bytes a value. */
  get widths(): readonly { width: number; bytesPerValue: 1 | 4 }[] {
    return this.#first.map(({ width, data }) => ({ width, bytesPerValue: data.BYTES_PER_ELEMENT === 1 ? 1 : 4 }));
  }

  /** @throws DataError `data/chunks-differ` */
  refuseOther(rows: readonly Rows[], number: number): void {
    if (rows.length !== this.#first.length) {
      const [has, lacks] = this.weighted ? [0, number] : [number, 0];
      throw differ(`Chunk ${has} has sampleWeight and chunk ${lacks} has none`, "Give it in each chunk, or in none");
    }
    rows.forEach(({ data }, i) => {
      const first = this.#first[i]!.data;
      if (data.BYTES_PER_ELEMENT === first.BYTES_PER_ELEMENT) return;
      const [now, then] = [data, first].map((array) => (array.BYTES_PER_ELEMENT === 1 ? "bytes" : "32-bit floats"));
      const name = this.#nameOf(i);
      throw differ(
        `${name} of chunk ${number} is kept as ${now}, and that of chunk 0 as ${then}`,
        "Give the same type of array in each chunk",
      );
    });
  }
}

function differ(what: string, cure: string): DataError {
  return new DataError("data/chunks-differ", `${what}. ${cure}.`);
}
