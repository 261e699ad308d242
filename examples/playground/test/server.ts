// The built page as any server of static files has it, from a folder of some depth.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";

const FOLDER = "/some/where/";
const BUILD = new URL("../build/", import.meta.url);
const MIME: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

export async function serve(): Promise<{ readonly url: string; readonly close: () => void }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost"); // whose parser takes all ".." out
    const path = pathname.startsWith(FOLDER) ? pathname.slice(FOLDER.length) || "index.html" : "none";
    readFile(new URL(path, BUILD)).then(
      (body) => response.writeHead(200, { "Content-Type": MIME[extname(path)] ?? "text/plain" }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${FOLDER}`, close };
}
