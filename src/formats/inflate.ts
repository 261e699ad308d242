import { UnsupportedError } from "../errors.js";

/** Why bytes could not be unpacked. */
export interface NotInflated {
  readonly why: "damaged" | "too-large";
  readonly cause?: unknown;
}

/**
 * Unpacks with the engine's own decompressor, and stops as soon as more than `maxBytes` come out.
 *
 * @returns the bytes, or why there are none: the caller says it in the words of its format
 * @throws UnsupportedError `engine/no-decompression`
 */
export async function inflate(
  bytes: Uint8Array,
  format: "gzip" | "deflate",
  maxBytes: number,
): Promise<Uint8Array | NotInflated> {
  if (typeof DecompressionStream === "undefined") {
    throw new UnsupportedError(
      "engine/no-decompression",
      "This runtime has no DecompressionStream, so packed data cannot be unpacked in it. Unpack them where they are made and pass the bytes themselves, or set globalThis.DecompressionStream to a polyfill.",
    );
  }
  const stream = new DecompressionStream(format);
  const writer = stream.writable.getWriter();
  // Not awaited: the writer waits for the reader below, and what goes wrong reaches that one too.
  writer.write(bytes as Uint8Array<ArrayBuffer>).catch(() => undefined);
  writer.close().catch(() => undefined);

  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = stream.readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return joined(chunks, length);
      chunks.push(value);
      length += value.length;
      if (length > maxBytes) break;
    }
  } catch (cause) {
    return { why: "damaged", cause };
  }
  await reader.cancel().catch(() => undefined);
  return { why: "too-large" };
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
