// How often is the diagnosis right? Networks drawn at random are diagnosed, then trained as they are: what comes of it is
// the judge. No threshold was fitted on the seed that is the default here.

import {
  activation,
  adam,
  batchNorm,
  dense,
  type Initializer,
  type LayerSpec,
  layerNorm,
  type Model,
  randomNormal,
  rmsprop,
  sequential,
  sgd,
  varianceScaling,
} from "lanewise";
import { loadDigits } from "lanewise/data";
import { parseArgs } from "node:util";

const HELP = `Usage: npm run study:diagnosis -- [options]

Diagnoses networks that are drawn at random, then trains each as it is, and
compares: of the errors told, how many were true (precision); of the networks
that did not learn, how many were told (recall).

  --networks N   how many are drawn                                     500
  --seed N       what they are drawn by; thresholds were set on others  2026
  --cures        also tries the cures of each network that is told of an error;
                 seven times as long
  --verbose      a line for each that was judged wrongly, or that no cure helped
  -h, --help     this page
`;

const ROWS = 512;
const CLASSES = 10;
const BATCH = 32;
/** Epochs that a network has to show what it can learn. */
const BUDGET = 12;
/** Of ten classes that are equally frequent: three times what a guess gets. */
const LEARNED = 0.3;

const { values } = parseArgs({
  options: {
    networks: { type: "string", default: "500" },
    seed: { type: "string", default: "2026" },
    cures: { type: "boolean", default: false },
    verbose: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const networks = Number(values.networks);

let state = Number(values.seed);
/** The upper bits of a linear congruential generator (Numerical Recipes), in [0, 1). */
function draw(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state >>> 8) / 2 ** 24;
}
const pick = <T>(choices: readonly T[]): T => choices[Math.floor(draw() * choices.length)]!;

interface Data {
  readonly name: string;
  readonly width: number;
  readonly x: Float32Array;
  readonly y: Int32Array;
}

/** Ten clouds of points in twenty dimensions, each normal about a centre of its own. */
function clouds(): Data {
  const normal = () => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
  const width = 20;
  const centres = Array.from({ length: CLASSES }, () => Array.from({ length: width }, () => 1.5 * normal()));
  const y = Int32Array.from({ length: ROWS }, (_, i) => i % CLASSES);
  const x = Float32Array.from({ length: ROWS * width }, (_, i) => {
    return centres[y[Math.floor(i / width)]!]![i % width]! + normal();
  });
  return { name: "clouds", width, x, y };
}

const digits = await loadDigits();
const DATA: readonly Data[] = [
  {
    name: "digits",
    width: 64,
    x: Float32Array.from(digits.x.subarray(0, ROWS * 64), (pixel) => pixel / 16),
    y: Int32Array.from(digits.y.subarray(0, ROWS)),
  },
  clouds(),
];
const INITIALIZERS: readonly Initializer[] = [
  ...(["auto", "auto", "glorotUniform", "heNormal", "lecunNormal", "orthogonal"] as const),
  randomNormal({ stddev: 0.01 }),
  randomNormal({ stddev: 1 }),
  varianceScaling({ scale: 0.25, mode: "fanIn" }),
  varianceScaling({ scale: 20, mode: "fanIn" }),
];

interface Drawn {
  readonly model: Model;
  readonly x: Float32Array;
  readonly y: Int32Array;
  readonly phase: string;
  readonly about: string;
}

async function drawn(number: number): Promise<Drawn> {
  const data = pick(DATA);
  const factor = pick([1, 1, 1, 16, 255, 1e-3]);
  const depth = 1 + Math.floor(draw() ** 2 * 20);
  const width = pick([16, 32, 64]);
  const f = pick(["relu", "leakyRelu", "elu", "selu", "gelu", "tanh", "sigmoid"] as const);
  const kernelInitializer = pick(INITIALIZERS);
  const norm = pick(["none", "none", "none", "none", "batch", "layer"] as const);
  const kind = pick(["sgd", "momentum", "adam", "rmsprop"] as const);
  const learningRate = 10 ** (-6 + 6 * draw()) * (kind === "sgd" ? 10 : 1);
  const phase = pick(["fresh", "fresh", "in training", "converged"] as const);
  const optimizers = { sgd: sgd, momentum: (o: object) => sgd({ ...o, momentum: 0.9 }), adam, rmsprop };
  const hidden: LayerSpec[] = Array.from({ length: depth }, () => {
    if (norm === "none") return [dense(width, { activation: f, kernelInitializer })];
    const normalized = norm === "batch" ? batchNorm() : layerNorm();
    return [dense(width, { kernelInitializer, useBias: false }), normalized, activation(f)];
  }).flat();
  const model = await sequential({
    inputShape: data.width,
    layers: [...hidden, dense(CLASSES, { activation: "softmax" })],
    seed: number,
  });
  const x = data.x.map((value) => value * factor);
  model.compile({
    optimizer: optimizers[kind]({ learningRate }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  if (phase !== "fresh") await model.fit(x, data.y, { epochs: phase === "in training" ? 2 : 40, batchSize: BATCH });
  const drawnAs = typeof kernelInitializer === "string" ? kernelInitializer : JSON.stringify(kernelInitializer);
  const about = `${data.name} × ${factor}, ${depth} × ${width} ${f}, ${drawnAs}, ${norm}, ${kind} at ${learningRate.toExponential(1)}, ${phase}`;
  return { model, x, y: data.y, phase, about };
}

interface Tried {
  /** Of what was tried first and of the network as it is: the median accuracy on rows held out. */
  readonly best: number;
  readonly plain: number;
  readonly code: string;
}

/** What came of the cures that a network was told of. */
async function triedFor({ model, x, y }: Drawn): Promise<Tried | undefined> {
  const { cures = [] } = await model.diagnose(x, y, { batchSize: BATCH, tryCures: true });
  const plain = cures.find(({ cure }) => cure === "as it is");
  return plain && { best: cures[0]!.median, plain: plain.median, code: cures[0]!.code };
}

const tried: Tried[] = [];
const counts = { told: { ill: 0, well: 0 }, silent: { ill: 0, well: 0 } };
const began = performance.now();
for (let number = 0; number < networks; number++) {
  const network = await drawn(number);
  const { model, x, y, about } = network;
  const { findings } = await model.diagnose(x, y, { batchSize: BATCH });
  const told = findings.some(({ severity }) => severity === "error");
  const cured = values.cures && told ? await triedFor(network) : undefined;
  if (cured) tried.push(cured);
  if (values.verbose && cured && !(cured.best > LEARNED)) {
    const told = findings.map(({ problem, cure }) => `${problem}: ${cure}`).join("; ");
    console.log(`not cured, ${cured.best.toFixed(2)} at most: ${about}; ${told}`);
  }
  await model.fit(x, y, { epochs: BUDGET, batchSize: BATCH });
  const { accuracy } = await model.evaluate(x, y);
  const ill = !(accuracy! > LEARNED);
  counts[told ? "told" : "silent"][ill ? "ill" : "well"]++;
  if (values.verbose && told !== ill) {
    const said = findings.map(({ problem, severity, evidence }) => `${problem} (${severity}): ${evidence}`).join("; ");
    console.log(`${ill ? "missed" : "false alarm"}, accuracy ${accuracy!.toFixed(2)}: ${about}; ${said}`);
  }
  if (process.stdout.isTTY) process.stdout.write(`\r${number + 1}/${networks} networks`);
}

const { told, silent } = counts;
const seconds = ((performance.now() - began) / 1000).toFixed(0);
console.log(
  `${process.stdout.isTTY ? "\r" : ""}${networks} networks, seed ${values.seed}, ${seconds} s; Node ${process.version}, one thread\n`,
);
console.log("                     does not learn    learns");
console.log(`an error was told    ${String(told.ill).padStart(14)}${String(told.well).padStart(10)}`);
console.log(`none was             ${String(silent.ill).padStart(14)}${String(silent.well).padStart(10)}\n`);
console.log(
  `precision ${(told.ill / (told.ill + told.well)).toFixed(3)}, recall ${(told.ill / (told.ill + silent.ill)).toFixed(3)}`,
);
if (tried.length > 0) {
  const share = (of: (one: Tried) => boolean) => (tried.filter(of).length / tried.length).toFixed(3);
  console.log(`\ncures of the ${tried.length} that were told, by the median accuracy on rows held out`);
  console.log(`as it is above ${LEARNED}    ${share(({ plain }) => plain > LEARNED)}`);
  console.log(`the first above ${LEARNED}   ${share(({ best }) => best > LEARNED)}`);
  console.log(`the first above 0.8   ${share(({ best }) => best > 0.8)}`);
  console.log(`the first is a cure   ${share(({ code }) => code !== "")}`);
}
