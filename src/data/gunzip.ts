import { DataError } from "../errors.js";
import { inflate } from "../formats/inflate.js";

/** Whether these bytes start as gzip does (RFC 1952). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Unpacks gzip, and stops as soon as more than `maxBytes` come out.
 *
 * @throws DataError `idx/bad-gzip`, `idx/too-large`; UnsupportedError `engine/no-decompression`
 */
export async function gunzip(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const unpacked = await inflate(bytes, "gzip", maxBytes);
  if (unpacked instanceof Uint8Array) return unpacked;
  if (unpacked.why === "too-large") {
    throw new DataError(
      "idx/too-large",
      `These ${bytes.length} bytes of gzip unpack to more than ${maxBytes} bytes. If that is expected, raise maxBytes.`,
    );
  }
  throw new DataError(
    "idx/bad-gzip",
    `These ${bytes.length} bytes start as gzip does, but cannot be unpacked: they are damaged or cut off. Fetch or copy the file again.`,
    { cause: unpacked.cause },
  );
}
