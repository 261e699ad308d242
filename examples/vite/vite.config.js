export default {
  base: "./",
  build: { outDir: "build", target: "es2022" },
  worker: { format: "es" },
  // Served as it is while developing, so that it finds its worker and its module beside its files.
  optimizeDeps: { exclude: ["lanewise"] },
};
