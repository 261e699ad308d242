import importX from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/** The house, from the ground up: a folder imports from those before it, never from those after it. */
const FLOORS = [
  ["src/errorCodes.ts", "src/errors.ts", "src/shape.ts", "src/family.ts", "src/check.ts", "src/custom.ts"],
  ["src/runtime", "src/formats"],
  ["src/program"],
  ["src/schedules"],
  [
    "src/activations",
    "src/initializers",
    "src/optimizers",
    "src/losses",
    "src/metrics",
    "src/clipping",
    "src/constraints",
    "src/regularizers",
    "src/ops",
  ],
  ["src/layers"],
  ["src/data"],
  ["src/diagnostics"],
  ["src/model"],
  ["src/callbacks", "src/io", "src/transfer"],
  ["src/search", "src/onnx", "src/torch", "src/keras", "src/predict"],
  ["src/tfjs"],
  ["src/index.ts", "src/worker"],
  ["src/entry"],
  ["src/cli"],
];
const KERNEL_FLOORS = [
  ["assembly/shared"],
  ["assembly/simd"],
  ["assembly/rng.ts", "assembly/part.ts"],
  ["assembly/kernels"],
  ["assembly/program"],
  ["assembly/handshake.ts", "assembly/index.ts", "assembly/predict.ts", "assembly/threads.ts"],
];

function oneWay(floors) {
  return floors.slice(0, -1).map((lower, i) => ({
    target: lower.map((path) => `./${path}`),
    from: floors
      .slice(i + 1)
      .flat()
      .map((path) => `./${path}`),
    message: "Imports run one way only: see CONTRIBUTING.md.",
  }));
}

const zones = [
  ...oneWay(FLOORS),
  ...oneWay(KERNEL_FLOORS),
  { target: "./src", from: "./assembly", except: ["./shared"], message: "src takes nothing from assembly but shared." },
  { target: "./assembly", from: "./src", message: "assembly takes nothing from src." },
  {
    target: "./src",
    from: ["./test", "./bench", "./docs", "./examples"],
    message: "src takes nothing from test, bench, docs and examples.",
  },
];

const imports = {
  plugins: { "import-x": importX },
  settings: {
    "import-x/extensions": [".ts", ".js"],
    "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
    "import-x/resolver-next": [
      importX.createNodeResolver({ extensions: [".ts", ".js"], extensionAlias: { ".js": [".ts", ".js"] } }),
    ],
  },
  rules: {
    "import-x/no-cycle": "error",
    "import-x/no-unresolved": [
      "error",
      {
        ignore: [
          "^vite",
          "^lanewise",
          "^@observablehq/plot",
          "^linkedom",
          "^puppeteer-core",
          "\\.wasm(\\.js|\\?module)?$",
        ],
      },
    ],
    "import-x/no-restricted-paths": ["error", { zones }],
  },
};

export default tseslint.config(
  { ignores: ["**/build/", "node_modules/", "coverage/", "**/vendor/"] },
  {
    files: [
      "src/**/*.ts",
      "test/**/*.ts",
      "bench/**/*.ts",
      "docs/generate/**/*.ts",
      "examples/playground/**/*.ts",
      "*.config.ts",
    ],
    ignores: ["bench/kernels/assembly/**"],
    extends: [tseslint.configs.strict],
    ...imports,
    rules: {
      ...imports.rules,
      "@typescript-eslint/no-non-null-assertion": "off", // noUncheckedIndexedAccess asks for them in numeric loops
      "@typescript-eslint/no-dynamic-delete": "off",
      "@typescript-eslint/unified-signatures": "off",
      // { seed: _, ...rest } drops a key
      "@typescript-eslint/no-unused-vars": [
        "error",
        { ignoreRestSiblings: true, varsIgnorePattern: "^_", argsIgnorePattern: "^_" },
      ],
      eqeqeq: "error",
    },
  },
  {
    // AssemblyScript: decorators on functions and types of its own, so only what is said of imports applies.
    files: ["assembly/**/*.ts", "bench/kernels/assembly/**/*.ts"],
    languageOptions: { parser: tseslint.parser, parserOptions: { allowInvalidAST: true } },
    ...imports,
  },
);
