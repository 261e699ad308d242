// TensorBoard's event files: TFRecords, each with one Event of tensorflow/core/util/event.proto.
//
//   ┌─────────────┬────────────────────┬────────────────┬──────────────────┐
//   │ u64, LE: n  │ u32: CRC of length │ Event, n bytes │ u32: CRC of data │
//   └─────────────┴────────────────────┴────────────────┴──────────────────┘
//   0             8                    12               12 + n
//
// A CRC is CRC-32C, rotated and shifted by a constant ("masked"), since the CRC of bytes that hold their own CRC is degenerate.

/** An encoded Summary.Value: a tag and what it shows. */
export type SummaryValue = Uint8Array;

/** The record that a file begins with. */
export function versionRecord(wallTime: number): Uint8Array {
  return record(concat([double(EVENT.wallTime, wallTime), text(EVENT.fileVersion, "brain.Event:2")]));
}

/**
 * What is to be seen at one step.
 *
 * @param wallTime seconds since 1970
 * @param step a whole number from 0
 */
export function summaryRecord(wallTime: number, step: number, values: readonly SummaryValue[]): Uint8Array {
  const summary = concat(values.map((value) => message(SUMMARY.value, value)));
  return record(concat([double(EVENT.wallTime, wallTime), integer(EVENT.step, step), message(EVENT.summary, summary)]));
}

/** A point of a curve; kept in 32 bits, as TensorBoard does. */
export function scalar(tag: string, value: number): SummaryValue {
  return concat([text(VALUE.tag, tag), float(VALUE.simpleValue, value)]);
}

/** Numbers by size: those of bucket i lie above the limit before it and up to its own. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
  /** Rising. */
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}

/** A distribution: a HistogramProto of tensorflow/core/framework/summary.proto. */
export function histogram(tag: string, { min, max, count, sum, squares, limits, counts }: Histogram): SummaryValue {
  const figures = Object.entries({ min, max, num: count, sum, sumSquares: squares });
  const proto = concat([
    ...figures.map(([name, value]) => double(HISTOGRAM[name as keyof typeof HISTOGRAM], value)),
    doubles(HISTOGRAM.bucketLimit, limits),
    doubles(HISTOGRAM.bucket, counts),
  ]);
  return concat([text(VALUE.tag, tag), message(VALUE.histogram, proto)]);
}

// ── Protocol buffers ────────────────────────────────────────────────────────────────────────────────────────────────

// Numbers of the fields, by message.
const EVENT = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 };
const SUMMARY = { value: 1 };
const VALUE = { tag: 1, simpleValue: 2, histogram: 5 };
const HISTOGRAM = { min: 1, max: 2, num: 3, sum: 4, sumSquares: 5, bucketLimit: 6, bucket: 7 };

const WIRE_VARINT = 0;
const WIRE_64_BITS = 1;
const WIRE_LENGTH = 2;
const WIRE_32_BITS = 5;

function integer(field: number, value: number): Uint8Array {
  return concat([key(field, WIRE_VARINT), varint(value)]);
}

function double(field: number, value: number): Uint8Array {
  return concat([key(field, WIRE_64_BITS), fixed(8, (view) => view.setFloat64(0, value, true))]);
}

/** Packed. */
function doubles(field: number, values: readonly number[]): Uint8Array {
  const write = (view: DataView) => values.forEach((value, i) => view.setFloat64(i * 8, value, true));
  return message(field, fixed(values.length * 8, write));
}

function float(field: number, value: number): Uint8Array {
  return concat([key(field, WIRE_32_BITS), fixed(4, (view) => view.setFloat32(0, value, true))]);
}

function text(field: number, value: string): Uint8Array {
  return message(field, new TextEncoder().encode(value));
}

function message(field: number, bytes: Uint8Array): Uint8Array {
  return concat([key(field, WIRE_LENGTH), varint(bytes.length), bytes]);
}

function key(field: number, wireType: number): Uint8Array {
  return varint(field * 8 + wireType);
}

/** Seven bits a byte, the low ones first; division, since a step may be beyond 32 bits. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.from([...bytes, rest]);
}

function fixed(length: number, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length);
  write(new DataView(bytes.buffer));
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// ── Records ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function record(data: Uint8Array): Uint8Array {
  const length = fixed(8, (view) => view.setBigUint64(0, BigInt(data.length), true));
  return concat([length, crc(length), data, crc(data)]);
}

function crc(bytes: Uint8Array): Uint8Array {
  const sum = crc32c(bytes);
  const masked = ((sum >>> 15) | (sum << 17)) + 0xa282ead8;
  return fixed(4, (view) => view.setUint32(0, masked, true));
}

/** Castagnoli's polynomial, bits reversed. */
const POLYNOMIAL = 0x82f63b78;

const CRC_OF_BYTE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? POLYNOMIAL : 0);
  return sum;
});

/** CRC-32C (RFC 3720, appendix B.4): of "123456789" it is 0xe3069283. */
export function crc32c(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = (sum >>> 8) ^ CRC_OF_BYTE[(sum ^ byte) & 255]!;
  return ~sum >>> 0;
}
