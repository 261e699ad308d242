import { readFileSync } from "node:fs";
import { defaultDevice, init, nn, numpy as np } from "@jax-js/jax";
import { report, testInput } from "./measured.mjs";

await init("wasm");
defaultDevice("wasm");
const { network, weights } = JSON.parse(process.argv[2]);
const flat = new Float32Array(Uint8Array.from(readFileSync(weights)).buffer);
const widths = [network.inputs, ...network.hidden, network.classes];
let [h, at] = [np.array(testInput(784)).reshape([1, 784]), 0];
for (let i = 1; i < widths.length; i++) {
  const [rows, columns] = [widths[i - 1], widths[i]];
  const kernel = np.array(flat.slice(at, (at += rows * columns))).reshape([rows, columns]);
  h = np.matmul(h, kernel).add(np.array(flat.slice(at, (at += columns))));
  if (i < widths.length - 1) h = nn.relu(h);
}
report(await nn.softmax(h, -1).data());
