// Pictures of weights as one small PNG: above zero blue, below orange, and zero transparent, so that it suits light and dark.

import { deflateSync } from "node:zlib";

const LEVELS = 4; // each side of zero: few, so that the file is small
const ABOVE = [0x2f, 0x81, 0xf7];
const BELOW = [0xe0, 0x66, 0x1c];

export interface PictureFile {
  readonly png: Buffer;
  readonly width: number;
  readonly height: number;
}

/** @param pictures side × side values each, scaled by its own greatest magnitude. */
export function pictureFile(
  pictures: readonly (readonly number[])[],
  { side, columns, gap }: { side: number; columns: number; gap: number },
): PictureFile {
  const pitch = side + Math.max(1, Math.round(gap));
  const width = columns * pitch;
  const height = Math.ceil(pictures.length / columns) * pitch;
  const indices = new Uint8Array(width * height).fill(LEVELS);
  pictures.forEach((picture, i) => {
    const corner = Math.floor(i / columns) * pitch * width + (i % columns) * pitch;
    const greatest = Math.max(...picture.map(Math.abs)) || 1;
    picture.forEach((value, p) => {
      const at = corner + Math.floor(p / side) * width + (p % side);
      indices[at] = LEVELS + Math.round((value / greatest) * LEVELS);
    });
  });
  return { png: encode(indices, width, height), width, height };
}

/** The colour of an index: its strength is its opacity. */
function palette(): { colours: Buffer; opacities: Buffer } {
  const all = Array.from({ length: 2 * LEVELS + 1 }, (_, i) => i - LEVELS);
  return {
    colours: Buffer.from(all.flatMap((level) => (level < 0 ? BELOW : ABOVE))),
    opacities: Buffer.from(all.map((level) => Math.round((Math.abs(level) / LEVELS) * 255))),
  };
}

function encode(indices: Uint8Array, width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 4; // bits a pixel
  header[9] = 3; // by palette
  const stride = 1 + Math.ceil(width / 2);
  const rows = Buffer.alloc(stride * height); // each begins with its filter: none
  indices.forEach((index, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    rows[y * stride + 1 + (x >> 1)]! |= index << (x % 2 ? 0 : 4);
  });
  const { colours, opacities } = palette();
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("PLTE", colours),
    chunk("tRNS", opacities),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
