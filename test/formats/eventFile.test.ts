import { describe, expect, test } from "vitest";
import { crc32c, scalar, summaryRecord, versionRecord } from "../../src/formats/eventFile.js";
import { readEvents } from "../callbacks/events.js";

describe("CRC-32C", () => {
  // RFC 3720, appendix B.4; the last is the check value of the CRC catalogue.
  test.each([
    ["32 zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 ones", new Uint8Array(32).fill(255), 0x62a8ab43],
    ["0 … 31", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ["31 … 0", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
    ["nothing", new Uint8Array(0), 0],
    ["123456789", new TextEncoder().encode("123456789"), 0xe3069283],
  ])("%s", (_, bytes, sum) => {
    expect(crc32c(bytes)).toBe(sum);
  });
});

test("a version record, byte by byte", () => {
  // Field 1, a double (9), then field 3, 13 bytes of text (1a 0d).
  const event = ["09", "0000000000000040", "1a", "0d", Buffer.from("brain.Event:2").toString("hex")].join("");
  const bytes = versionRecord(2);
  expect(Buffer.from(bytes).toString("hex", 0, 8)).toBe("1800000000000000");
  expect(Buffer.from(bytes).toString("hex", 12, 12 + 24)).toBe(event);
  expect(bytes).toHaveLength(12 + 24 + 4);
});

test("what is written is what is read", () => {
  const steps = [0, 1, 127, 128, 300, 2 ** 31, 2 ** 40 + 5];
  const values = [0, -0, 1.5, 0.1, -3e38, NaN, Infinity, -Infinity, 1e-45];
  const parts = [versionRecord(1e9), ...steps.map((step) => summaryRecord(step / 8, step, [scalar("ä/loss", 0.1)]))];
  const long = "tag".repeat(100); // a length of two bytes
  parts.push(summaryRecord(3, 7, [...values.map((value, i) => scalar(`v${i}`, value)), scalar(long, 2)]));
  const events = readEvents(Buffer.concat(parts));
  expect(events[0]).toEqual({ wallTime: 1e9, step: 0, fileVersion: "brain.Event:2", scalars: [] });
  steps.forEach((step, i) => {
    expect(events[i + 1]).toEqual({ wallTime: step / 8, step, scalars: [["ä/loss", Math.fround(0.1)]] });
  });
  expect(events.at(-1)!.scalars).toEqual([...values.map((value, i) => [`v${i}`, Math.fround(value)]), [long, 2]]);
});

test("the reader of these tests refuses what is torn or changed", () => {
  const bytes = Buffer.concat([versionRecord(1), summaryRecord(2, 3, [scalar("loss", 4)])]);
  expect(readEvents(bytes)).toHaveLength(2);
  for (let i = 0; i < bytes.length; i++) {
    const changed = Buffer.from(bytes);
    changed[i]! ^= 1;
    expect(() => readEvents(changed)).toThrow();
  }
  expect(() => readEvents(bytes.subarray(0, -1))).toThrow();
});
