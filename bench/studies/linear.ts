// Linear classifiers on the digits: how long a fit takes by default settings, and scikit-learn's beside it on the same machine.

import { execFileSync } from "node:child_process";
import { linearSvm, logisticRegression } from "lanewise";
import { loadDigits } from "lanewise/data";

const ROUNDS = 15;
const PYTHON = ["python3", "/usr/bin/python3"];

const KINDS = {
  "LinearSVC()": () => linearSvm(),
  'LinearSVC(loss="hinge")': () => linearSvm({ loss: "hinge" }),
  'LinearSVC(multi_class="crammer_singer")': () => linearSvm({ multiClass: "crammerSinger" }),
  "LogisticRegression()": () => logisticRegression(),
  "LogisticRegression(max_iter=100_000)": () => logisticRegression(), // which converges anyway
};
type Kind = keyof typeof KINDS;

interface Figure {
  readonly ms: number;
  readonly accuracy: number;
  readonly converged: boolean;
}

/** The same in Python: the best of the rounds, on one thread as here. */
const SCRIPT = `
import json, time, warnings
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
x, y = load_digits(return_X_y=True)
figures = {}
for scale in (1, 16):
    for kind in ${JSON.stringify(Object.keys(KINDS))}:
        best = 1e9
        for _ in range(${ROUNDS}):
            model = eval(kind)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                began = time.perf_counter()
                model.fit(x / scale, y)
                best = min(best, time.perf_counter() - began)
        stopped = any(issubclass(w.category, ConvergenceWarning) for w in caught)
        figures[f"{scale} {kind}"] = {"ms": 1000 * best, "accuracy": model.score(x / scale, y), "converged": not stopped}
print(json.dumps(figures))
`;

function theirs(): Readonly<Record<string, Figure>> | undefined {
  const env = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
  for (const python of PYTHON) {
    try {
      const printed = execFileSync(python, ["-c", SCRIPT], {
        env,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
      return JSON.parse(printed) as Record<string, Figure>;
    } catch {
      continue; // no such program, or no scikit-learn in it
    }
  }
  return undefined;
}

async function ours(kind: Kind, x: Float32Array, y: ArrayLike<number>): Promise<Figure> {
  const labels = Array.from(y);
  let ms = Infinity;
  for (let round = 0; round < ROUNDS - 1; round++) {
    const began = performance.now();
    await KINDS[kind]().fit(x, labels);
    ms = Math.min(ms, performance.now() - began);
  }
  const fitted = await KINDS[kind]().fit(x, labels);
  return { ms, accuracy: fitted.score(x, labels), converged: fitted.converged };
}

function cells(figure: Figure | undefined): string {
  if (figure === undefined) return "-".padStart(28);
  const { ms, accuracy, converged } = figure;
  return `${ms.toFixed(1).padStart(9)} ${(100 * accuracy).toFixed(2).padStart(8)} ${(converged ? "yes" : "no").padStart(9)}`;
}

const { x, y } = await loadDigits();
const others = theirs();
if (!others) console.log("scikit-learn is skipped: no python3 here has it.");
console.log(`${y.length} digits of 64 pixels, Node ${process.version}, one thread; the best of ${ROUNDS} fits`);
console.log(`${"".padEnd(50)}${"lanewise".padStart(28)}${others ? "scikit-learn".padStart(28) : ""}`);
console.log(
  `${"".padEnd(50)}${`${"ms".padStart(9)} ${"right, %".padStart(8)} ${"converged".padStart(9)}`.repeat(others ? 2 : 1)}`,
);
for (const scale of [1, 16]) {
  const features = Float32Array.from(x, (pixel) => pixel / scale);
  for (const kind of Object.keys(KINDS) as Kind[]) {
    const name = `${kind}${scale === 1 ? "" : `, pixels / ${scale}`}`;
    console.log(
      name.padEnd(50) + cells(await ours(kind, features, y)) + (others ? cells(others[`${scale} ${kind}`]) : ""),
    );
  }
}
