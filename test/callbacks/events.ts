// A reader of event files that shares nothing with the writer: the CRC bit by bit, protocol buffers by a generic walk.

export interface ReadEvent {
  wallTime: number;
  step: number;
  fileVersion?: string;
  scalars: [tag: string, value: number][];
  /** Left out where there are none. */
  histograms?: [tag: string, histogram: ReadHistogram][];
}

export interface ReadHistogram {
  min: number;
  max: number;
  num: number;
  sum: number;
  sumSquares: number;
  bucketLimit: number[];
  bucket: number[];
}

/** All events of a file. @throws Error where a length, a checksum or a field is not as it should be */
export function readEvents(bytes: Uint8Array): ReadEvent[] {
  const file = Uint8Array.from(bytes); // no Buffer, whose slices are views
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const events: ReadEvent[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(view.getBigUint64(at, true));
    check(file.subarray(at, at + 8), view.getUint32(at + 8, true));
    const data = file.subarray(at + 12, at + 12 + length);
    check(data, view.getUint32(at + 12 + length, true));
    events.push(eventOf(data));
    at += 16 + length;
  }
  return events;
}

function check(bytes: Uint8Array, masked: number): void {
  const rotated = (masked - 0xa282ead8 + 2 ** 32) % 2 ** 32;
  const crc = BigInt(rotated) * 2n ** 15n;
  const unmasked = Number((crc & 0xffffffffn) | (crc >> 32n));
  if (unmasked !== slowCrc32c(bytes)) throw new Error("a checksum is wrong");
}

/** x³² + x²⁸ + x²⁷ + x²⁶ + x²⁵ + x²³ + x²² + x²⁰ + x¹⁹ + x¹⁸ + x¹⁴ + x¹³ + x¹¹ + x¹⁰ + x⁹ + x⁸ + x⁶ + 1, one bit at a time. */
function slowCrc32c(bytes: Uint8Array): number {
  const exponents = [28, 27, 26, 25, 23, 22, 20, 19, 18, 14, 13, 11, 10, 9, 8, 6, 0];
  let remainder = new Array<number>(32).fill(1); // the coefficient of x³¹ first
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit++) {
      const carry = remainder[0]! ^ ((byte >> bit) & 1);
      remainder = [...remainder.slice(1), 0].map((c, i) => (carry && exponents.includes(31 - i) ? c ^ 1 : c));
    }
  }
  return remainder.reduce((sum, c, i) => sum + (c ^ 1) * 2 ** i, 0);
}

type Field = number | Uint8Array;

/** The fields of a message by number, each with its wire type. */
function fieldsOf(bytes: Uint8Array): [field: number, wireType: number, value: Field][] {
  const fields: [number, number, Field][] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (at >= bytes.length) throw new Error("a varint does not end");
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new Error("a field does not end");
    at += length;
    return bytes.slice(at - length, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const wireType = key % 8;
    const lengths: Record<number, () => Field> = {
      0: varint,
      1: () => take(8),
      2: () => take(varint()),
      5: () => take(4),
    };
    const read = lengths[wireType];
    if (!read) throw new Error(`there is no wire type ${wireType}`);
    fields.push([Math.floor(key / 8), wireType, read()]);
  }
  return fields;
}

function eventOf(data: Uint8Array): ReadEvent {
  const event: ReadEvent = { wallTime: NaN, step: 0, scalars: [] };
  for (const [field, wireType, value] of fieldsOf(data)) {
    const kind = `${field}:${wireType}`;
    if (kind === "1:1") event.wallTime = new DataView((value as Uint8Array).buffer).getFloat64(0, true);
    else if (kind === "2:0") event.step = value as number;
    else if (kind === "3:2") event.fileVersion = new TextDecoder().decode(value as Uint8Array);
    else if (kind === "5:2") readSummary(value as Uint8Array, event);
    else throw new Error(`an Event has no field ${kind}`);
  }
  return event;
}

function readSummary(summary: Uint8Array, event: ReadEvent): void {
  for (const [field, wireType, value] of fieldsOf(summary)) {
    if (field !== 1 || wireType !== 2) throw new Error("a Summary holds values");
    const [tag, shown, ...more] = fieldsOf(value as Uint8Array);
    if (tag?.[0] !== 1 || tag[1] !== 2 || more.length > 0) throw new Error("a value has a tag and one thing to show");
    const name = new TextDecoder().decode(tag[2] as Uint8Array);
    const kind = `${shown?.[0]}:${shown?.[1]}`;
    const bytes = shown?.[2] as Uint8Array;
    if (kind === "2:5") event.scalars.push([name, new DataView(bytes.buffer).getFloat32(0, true)]);
    else if (kind === "5:2") (event.histograms ??= []).push([name, histogramOf(bytes)]);
    else throw new Error(`a Summary.Value has no field ${kind}`);
  }
}

function histogramOf(bytes: Uint8Array): ReadHistogram {
  const read: Record<string, number[]> = {};
  for (const [field, wireType, value] of fieldsOf(bytes)) {
    const name = ["min", "max", "num", "sum", "sumSquares", "bucketLimit", "bucket"][field - 1];
    if (name === undefined || wireType !== (field <= 5 ? 1 : 2)) throw new Error(`no field ${field}:${wireType}`);
    const { buffer } = value as Uint8Array;
    read[name] = Array.from(new Float64Array(buffer));
  }
  const [min, max, num, sum, sumSquares] = ["min", "max", "num", "sum", "sumSquares"].map((name) => read[name]![0]!);
  return { min, max, num, sum, sumSquares, bucketLimit: read.bucketLimit!, bucket: read.bucket! } as ReadHistogram;
}
