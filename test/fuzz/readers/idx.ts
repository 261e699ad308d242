import { gzipSync } from "node:zlib";
import { gunzip, isGzip } from "../../../src/data/gunzip.js";
import { readIdx } from "../../../src/data/idx.js";
import { damaged } from "../edits.js";
import type { Random } from "../random.js";
import type { Reader } from "../reader.js";
import { bytesOf } from "./samples.js";

const WIDTHS: Readonly<Record<number, number>> = { 0x08: 1, 0x09: 1, 0x0b: 2, 0x0c: 4, 0x0d: 4, 0x0e: 8 };
const TYPES = Object.keys(WIDTHS).map(Number);

/** An IDX file whose head may announce other sizes than follow. */
function idxFile(type: number, announced: readonly number[], values: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * announced.length + values.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (type << 8) | announced.length);
  announced.forEach((size, axis) => view.setUint32(4 + 4 * axis, size));
  bytes.set(values, 4 + 4 * announced.length);
  return bytes;
}

function randomFile(random: Random): Uint8Array {
  const type = random.pick(TYPES);
  const sizes = Array.from({ length: 1 + random.few(3) }, () => random.below(6));
  const length = sizes.reduce((a, b) => a * b, 1) * WIDTHS[type]!;
  const values = Uint8Array.from({ length }, () => random.below(256));
  if (random.oneIn(3)) sizes[random.below(sizes.length)] = random.pick([0, 1, 0x7fffffff, 0xffffffff, 2 ** 16]);
  if (random.oneIn(8)) sizes.push(...Array.from({ length: random.below(250) }, () => random.pick([1, 0xffffffff])));
  return idxFile(random.oneIn(8) ? random.below(16) : type, sizes, values);
}

/** Little that unpacks to a hundred times as much, or more. */
function bomb(random: Random): Uint8Array {
  const count = random.pick([1 << 14, 1 << 17, 1 << 20]);
  return gzipSync(idxFile(8, [random.oneIn(2) ? count : 7], new Uint8Array(count)));
}

const MOST_BYTES = [0, 1, 100, 1000, 1 << 16, undefined];
const good = idxFile(0x0d, [2, 3], new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer));

export const idx: Reader = {
  name: "idx",
  sources: ["src/data/idx.ts"],
  refusals: /^idx\//,
  async prepare() {
    const packedGood = gzipSync(good);
    return {
      make(random: Random) {
        const isBomb = random.oneIn(200);
        const plain = damaged(
          isBomb ? bomb(random) : randomFile(random),
          random.oneIn(4) ? 1 + random.few(2) : 0,
          random,
          good,
        );
        const packed = !isBomb && random.oneIn(4);
        const file = packed ? damaged(gzipSync(plain), random.few(1), random, packedGood) : plain;
        const maxBytes = random.oneIn(2) ? undefined : random.pick(MOST_BYTES);
        return { file, options: maxBytes === undefined ? {} : { maxBytes } };
      },
      async read({ file, options }) {
        const { data, shape } = await readIdx(file, options as object);
        if (data.length !== shape.reduce((a, b) => a * b, 1)) throw new Error("the shape is another than the data's");
        return "an array";
      },
      async good() {
        const [plain, packed] = [await readIdx(good), await readIdx(packedGood)];
        return bytesOf(plain.data, packed.data);
      },
    };
  },
};

export const gzip: Reader = {
  name: "gunzip",
  sources: ["src/data/gunzip.ts"],
  refusals: /^idx\//,
  async prepare() {
    const packedGood = gzipSync(good);
    return {
      make(random: Random) {
        const plain = Uint8Array.from({ length: random.below(3000) }, (_, i) =>
          random.oneIn(9) ? random.below(256) : i,
        );
        const level = random.below(10);
        const whole = random.oneIn(100) ? bomb(random) : gzipSync(plain, { level });
        const file = random.oneIn(3) ? whole : damaged(whole, 1 + random.few(3), random, packedGood);
        return { file, options: random.pick([0, 1, 1000, 1 << 16, 1 << 22]) };
      },
      async read({ file, options }) {
        if (!isGzip(file)) return "no gzip";
        const bytes = await gunzip(file, options as number);
        if (bytes.length > (options as number))
          throw new Error(`${bytes.length} bytes came out, and ${options as number} may`);
        return "bytes";
      },
      good: async () => gunzip(packedGood, 1000),
    };
  },
};
