import { readSafetensors, type TensorSource, writeSafetensors } from "../../../src/formats/safetensors.js";
import type { Random } from "../random.js";
import type { Reader } from "../reader.js";
import { bytesOf, samples } from "./samples.js";
import { hostileFile, partsOf } from "./safetensorsFiles.js";

/** Every dtype that is written, empty tensors, scalars, names and notes that need escapes. */
function made(): Uint8Array {
  const tensors: [string, TensorSource][] = [
    ["scalar", { dtype: "F64", shape: [], data: Float64Array.of(1.5) }],
    ["none", { dtype: "I64", shape: [0, 4], data: new BigInt64Array(0) }],
    ["w\n\u{1f600}", { dtype: "F32", shape: [2, 3], data: new Float32Array(6) }],
    ["__proto__", { dtype: "I32", shape: [2], data: new Int32Array(2) }],
    ["7", { dtype: "U8", shape: [3], data: new Uint8Array(3) }],
  ];
  return writeSafetensors(tensors, { format: "pt", 'a "note"': "\\" });
}

export const safetensors: Reader = {
  name: "safetensors",
  sources: [
    {
      file: "src/formats/safetensors.ts",
      without: ["writeSafetensors", "checkSources", "checkName", "headerJson", "bytesOf"],
    },
  ],
  refusals: /^safetensors\//,
  async prepare() {
    const good = [
      ...samples("test/torch/samples", ".safetensors"),
      ...samples("test/io/samples", ".safetensors"),
      made(),
    ];
    const parts = good.map(partsOf);
    return {
      make: (random: Random) => ({ file: hostileFile(random.pick(parts), random.pick(good), random) }),
      async read({ file }) {
        const { tensors } = readSafetensors(file);
        const header = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
        const covered = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
        if (8 + header + covered !== file.length)
          throw new Error(`${file.length - 8 - header - covered} bytes belong to no tensor`);
        return "tensors";
      },
      good: async () =>
        bytesOf(...good.flatMap((file) => [...readSafetensors(file).tensors.values()].map(({ data }) => data))),
    };
  },
};
