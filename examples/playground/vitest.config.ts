import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    server: { deps: { external: [/\/build\/(node|src)\//] } }, // the library is linked here; Node itself loads what is installed
  },
});
