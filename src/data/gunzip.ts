import { DataError } from "../errors.js";

/** Whether these bytes start as gzip does (RFC 1952). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Unpacks gzip with the engine's own decompressor, and stops as soon as more than `maxBytes` come out.
 *
 * @throws DataError `idx/bad-gzip`, `idx/too-large`
 */
export async function gunzip(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const stream = new DecompressionStream("gzip");
  const writer = stream.writable.getWriter();
  // Not awaited: the writer waits for the reader below, and what goes wrong reaches that one too.
  writer.write(bytes as Uint8Array<ArrayBuffer>).catch(() => undefined);
  writer.close().catch(() => undefined);

  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = stream.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new DataError(
        "idx/bad-gzip",
        `These ${bytes.length} bytes start as gzip does, but cannot be unpacked: they are damaged or cut off. Fetch or copy the file again.`,
        { cause },
      );
    });
    if (done) break;
    chunks.push(value);
    length += value.length;
    if (length > maxBytes) {
      await reader.cancel().catch(() => undefined);
      throw new DataError(
        "idx/too-large",
        `These ${bytes.length} bytes of gzip unpack to more than ${maxBytes} bytes. If that is expected, raise maxBytes.`,
      );
    }
  }
  return joined(chunks, length);
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
