import { defineConfig, type Plugin } from "vite";

/** What the page may load and run: its own files, and WebAssembly. */
const POLICY = {
  "default-src": "'none'",
  "script-src": "'self' 'wasm-unsafe-eval'",
  "worker-src": "'self'",
  "style-src": "'self'",
  "img-src": "'self' data:",
  "connect-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
};
/** Vite's own client puts styles into the page, and listens on a socket. */
const WHILE_DEVELOPING = { "style-src": "'self' 'unsafe-inline'", "connect-src": "'self' ws:" };

function contentSecurityPolicy(): Plugin {
  return {
    name: "content-security-policy",
    transformIndexHtml(_html, { server }) {
      const policy = Object.entries(server ? { ...POLICY, ...WHILE_DEVELOPING } : POLICY);
      const content = policy.map((directive) => directive.join(" ")).join("; ");
      const attrs = { "http-equiv": "Content-Security-Policy", content };
      return [{ tag: "meta", attrs, injectTo: "head-prepend" }];
    },
  };
}

/** Says what a visitor loads, once the build is written. */
function totalSize(): Plugin {
  return {
    name: "total-size",
    apply: "build",
    async writeBundle(_options, bundle) {
      const { gzipSync } = await import("node:zlib");
      const bytes = Object.values(bundle).map((file) => Buffer.from(file.type === "chunk" ? file.code : file.source));
      const sum = (sizes: readonly number[]) => Math.ceil(sizes.reduce((a, b) => a + b, 0) / 1024);
      const packed = sum(bytes.map((file) => gzipSync(file).length));
      console.log(
        `\n  the page: ${bytes.length} files, ${sum(bytes.map(({ length }) => length))} KiB, ${packed} KiB packed`,
      );
    },
  };
}

export default defineConfig({
  base: "./", // works from any folder
  plugins: [contentSecurityPolicy(), totalSize()],
  worker: { format: "es" },
  build: { outDir: "build", target: "es2022" },
  // The library lies two folders up, as it is built there.
  server: { fs: { allow: ["../.."] } },
});
