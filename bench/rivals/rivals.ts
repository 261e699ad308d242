// Who is measured, by which worker, and what each of them lacks or does otherwise.

import type { Task } from "./tasks.js";

export interface Rival {
  readonly name: string;
  readonly title: string;
  readonly runtime: "node" | "python";
  readonly worker: string;
  /** Imported before anything is measured; without it the rival is left out, and this is said. */
  readonly needs?: string;
  readonly cold?: string;
  /** It saves its own format before the cold start. */
  readonly prepares?: boolean;
  readonly threads: number;
  readonly backend?: string;
  /** The reason why a task cannot be done; undefined where it can. */
  lacks(task: Task): string | undefined;
  /** What is not the same in a task that it does. */
  differs?(task: Task): string | undefined;
}

type Lacks = Rival["lacks"];

const NOT_ASKED = "not measured: of trainers, those that are also used for inference are";
const training: Lacks = ({ kind }) => (kind === "step" || kind === "learn" ? undefined : NOT_ASKED);

const torch = { worker: "torch_worker.py", runtime: "python", needs: "torch", lacks: () => undefined } as const;
const lanewise = { worker: "lanewise.mjs", runtime: "node", lacks: () => undefined } as const;

const convnetLacks: Lacks = (task) => {
  if (task.network.batchNorm) return "no batch normalization";
  return task.network.activation === "elu" ? "no ELU" : training(task);
};

const brainLacks: Lacks = (task) => {
  if (task.network.batchNorm) return "no batch normalization";
  if (task.network.activation === "elu") return "no ELU";
  if (task.kind === "learn") return "no batches, no softmax: not the same training";
  return training(task);
};

const sklearnLacks: Lacks = (task) => {
  if (task.network.batchNorm) return "no batch normalization";
  return task.network.activation === "elu" ? "no ELU" : training(task);
};

/** Threads that "all cores" means, at least two, or the line would be the one above. */
export function rivalsOf(cores: number): readonly Rival[] {
  const all = Math.max(2, cores);
  return [
    { ...lanewise, name: "lanewise", title: "lanewise", cold: "lanewise.mjs", threads: 1 },
    { ...lanewise, name: "lanewise-2", title: "lanewise, 2 threads", threads: 2, lacks: ({ kind }) => kind === "cold" ? "started with one thread" : undefined }, // prettier-ignore
    {
      name: "jax",
      title: "jax-js, wasm",
      runtime: "node",
      worker: "jax.mjs",
      needs: "@jax-js/jax",
      cold: "jax.mjs",
      threads: 1,
      lacks: ({ network }) => (network.batchNorm ? "no batch normalization" : undefined),
    },
    {
      name: "tfjs-wasm",
      title: "TensorFlow.js, wasm",
      runtime: "node",
      worker: "tfjs.mjs",
      needs: "@tensorflow/tfjs-core",
      cold: "tfjs.mjs",
      prepares: true,
      threads: 1,
      backend: "wasm",
      lacks: () => undefined,
    },
    {
      name: "tfjs-cpu",
      title: "TensorFlow.js, cpu",
      runtime: "node",
      worker: "tfjs.mjs",
      needs: "@tensorflow/tfjs-core",
      threads: 1,
      backend: "cpu",
      lacks: (task) => training(task),
    },
    {
      name: "convnet",
      title: "ConvNetJS",
      runtime: "node",
      worker: "convnet.mjs",
      needs: "convnetjs",
      threads: 1,
      lacks: convnetLacks,
      differs: ({ network }) => (network.optimizer === "adam" ? "Adadelta: it has no Adam" : undefined),
    },
    {
      name: "brain",
      title: "brain.js",
      runtime: "node",
      worker: "brain.mjs",
      needs: "brain.js",
      threads: 1,
      lacks: brainLacks,
      differs: () => "an update a sample, squared error: it has no batches and no softmax",
    },
    {
      name: "onnx",
      title: "onnxruntime-web",
      runtime: "node",
      worker: "onnx.mjs",
      needs: "onnxruntime-web",
      cold: "onnx.mjs",
      threads: 1,
      lacks: ({ kind }) => (kind === "step" || kind === "learn" ? "inference only" : undefined),
    },
    { ...torch, name: "torch", title: "PyTorch, 1 thread", cold: "torch_cold.py", prepares: true, threads: 1 },
    { ...torch, name: "torch-all", title: `PyTorch, ${all} threads`, threads: all, lacks: ({ kind }) => kind === "cold" ? "started with one thread" : undefined }, // prettier-ignore
    {
      name: "sklearn",
      title: "scikit-learn",
      runtime: "python",
      worker: "sklearn_worker.py",
      needs: "sklearn",
      threads: 1,
      lacks: sklearnLacks,
      differs: ({ network }) => (network.classes === 2 ? "one logistic output in place of two classes" : undefined),
    },
  ];
}
