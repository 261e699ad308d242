import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  // The studies import the package by its name; here that is its source, not what was built last.
  resolve: {
    alias: [
      { find: /^lanewise$/, replacement: source("src/index.ts") },
      { find: /^lanewise\/(data|keras|onnx|predict|tfjs|torch)$/, replacement: source("src/$1/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    testTimeout: 120_000,
  },
});
