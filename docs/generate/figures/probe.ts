// A model whose first layer's outputs can be set: what the other layers and the loss make of them is then the library's answer.

import { dense, type LayerSpec, type Loss, type Model, sequential, sgd } from "../../../src/index.js";

export interface Probe {
  readonly model: Model;
  /** Sets what the layers behind see. */
  set(values: readonly number[]): void;
  /** The outputs, for what was set. */
  outputs(): Float32Array;
  /** Loss for these targets, and its gradient by what was set. */
  loss(targets: Float32Array): { loss: number; gradient: Float32Array };
}

export async function probe(width: number, layers: readonly LayerSpec[], loss: Loss): Promise<Probe> {
  const first = dense(width, { kernelInitializer: "zeros", name: "z" });
  const model = await sequential({ inputShape: 1, layers: [first, ...layers], seed: 0 });
  model.compile({ optimizer: sgd(), loss });
  const one = Float32Array.of(1);
  const kernel = { data: new Float32Array(width), shape: [1, width] };
  let bias = new Float32Array(width);
  const write = () =>
    model.setWeights(
      new Map([
        ["z/kernel", kernel],
        ["z/bias", { data: bias, shape: [width] }],
      ]),
      { strict: false },
    );
  return {
    model,
    set(values) {
      bias = Float32Array.from(values);
      write();
    },
    outputs: () => model.predict(one).data,
    loss(targets) {
      const gradient = model.gradients(one, targets).get("z/bias")!.data;
      const figures = model.trainOnBatch(one, targets); // one step, which is taken back
      write();
      return { loss: figures.loss!, gradient };
    },
  };
}
