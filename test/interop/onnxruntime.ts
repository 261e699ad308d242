// Where onnxruntime is installed (npm install --prefix test/interop), tests ask it; elsewhere they say that they did not.

import { existsSync } from "node:fs";
import type { Prediction } from "../../src/index.js";

const entry = new URL("node_modules/onnxruntime-web/dist/ort.node.min.mjs", import.meta.url);

interface Tensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** What of its interface is used. */
interface Runtime {
  readonly env: { readonly wasm: { numThreads: number }; logLevel: string };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => Tensor;
  readonly InferenceSession: {
    create(bytes: Uint8Array): Promise<{
      readonly inputNames: readonly string[];
      readonly outputNames: readonly string[];
      run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>;
    }>;
  };
}

export const isInstalled = existsSync(entry);

if (!isInstalled) {
  console.warn(
    "SKIPPED: onnxruntime-web is not installed (npm install --prefix test/interop): it ran no exported file.",
  );
}

/** What onnxruntime computes of each input's rows, output by output. */
export async function runOnnx(bytes: Uint8Array, inputs: readonly Prediction[]): Promise<Prediction[]> {
  const { env, Tensor, InferenceSession } = (await import(/* @vite-ignore */ entry.href)) as Runtime;
  env.wasm.numThreads = 1;
  const session = await InferenceSession.create(bytes);
  const feeds = session.inputNames.map(
    (name, i) => [name, new Tensor("float32", inputs[i]!.data, inputs[i]!.shape)] as const,
  );
  const found = await session.run(Object.fromEntries(feeds));
  return session.outputNames.map((name) => ({ data: found[name]!.data, shape: [...found[name]!.dims] }));
}
