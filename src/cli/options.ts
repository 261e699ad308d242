import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";

/** What to train, and how. */
export interface StartOptions {
  /** A folder of IDX files; without one, the digits that come with the library. */
  readonly data: string | undefined;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  /** Where to keep the trained network. */
  readonly save: string | undefined;
}

/** An argument that cannot be meant so. The message is one line, and tells the mend. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const DIGITS = { epochs: 30, batchSize: 32 };
const IDX = { epochs: 10, batchSize: 50 };
const LEARNING_RATE = 0.001;
const SEED = 42;
const MAX_SEED = 2 ** 32 - 1;

export const HELP = `Usage: npm start -- [options]

Trains a small network to read images, shows how it goes, and tests it on images
that it has not seen. Without options it takes the handwritten digits that come
with lanewise, and a second or two.

  --data DIR           images to learn instead: a folder of IDX files, such as
                       MNIST or Fashion-MNIST, as they are published
                       (train-images-idx3-ubyte.gz and so on, packed or not)
  --epochs N           times to go through the images    ${DIGITS.epochs}, with --data ${IDX.epochs}
  --batch-size N       images in a training step         ${DIGITS.batchSize}, with --data ${IDX.batchSize}
  --learning-rate R    Adam's learning rate              ${LEARNING_RATE}
  --seed N             same seed, same result, anywhere  ${SEED}
  --save FILE          keep the trained network, as a safetensors file
  -h, --help           this page

Examples:
  npm start -- --epochs 5 --seed 7
  npm start -- --data ~/mnist --save mnist.safetensors

DEBUG=1 in the environment adds stack traces to errors.
`;

const FLAGS = {
  data: { type: "string" },
  epochs: { type: "string" },
  "batch-size": { type: "string" },
  "learning-rate": { type: "string" },
  seed: { type: "string" },
  save: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

type Flag = keyof typeof FLAGS;
type ValueFlag = Exclude<Flag, "help">;

const EXAMPLES: Record<ValueFlag, string> = {
  data: "./mnist",
  epochs: "10",
  "batch-size": "32",
  "learning-rate": "0.001",
  seed: "42",
  save: "digits.safetensors",
};

/** Reads and checks the command line; `"help"` if that is asked for. Throws a `UsageError`. */
export function readOptions(args: readonly string[]): StartOptions | "help" {
  const given = readFlags(args);
  if (given === "help") return "help";

  const data = given.get("data");
  if (data !== undefined) checkFolder(data, "--data names no folder", "give the folder that holds the IDX files");
  const save = given.get("save");
  if (save !== undefined) checkSave(save);

  const usual = data === undefined ? DIGITS : IDX;
  return {
    data,
    epochs: wholeNumber(given, "epochs", usual.epochs, 1, Number.MAX_SAFE_INTEGER),
    batchSize: wholeNumber(given, "batch-size", usual.batchSize, 1, Number.MAX_SAFE_INTEGER),
    learningRate: positiveNumber(given, "learning-rate", LEARNING_RATE),
    seed: wholeNumber(given, "seed", SEED, 0, MAX_SEED),
    save,
  };
}

/** Every option with its text. Not strict, since the errors of `parseArgs` take several lines and know no mend. */
function readFlags(args: readonly string[]): Map<ValueFlag, string> | "help" {
  const { tokens } = parseArgs({
    args: [...args],
    options: FLAGS,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<ValueFlag, string>();
  let help = false;
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      throw new UsageError(
        `"${token.value}" belongs to no option; npm takes options for itself unless a -- comes first: npm start -- --epochs 5`,
      );
    }
    const { name, rawName, value } = token;
    if (!isFlag(name)) {
      const known = Object.keys(FLAGS).map((flag) => `--${flag}`);
      throw new UsageError(`there is no option ${rawName}; there are ${known.join(", ")}`);
    }
    if (name === "help") {
      if (value !== undefined) throw new UsageError(`--help takes no value; got "${value}"`);
      help = true;
    } else {
      // "--save --epochs 5" would take "--epochs" for a file.
      if (value === undefined || value === "" || (value.startsWith("--") && !token.inlineValue)) {
        throw new UsageError(`${rawName} needs a value; for example ${rawName} ${EXAMPLES[name]}`);
      }
      given.set(name, value);
    }
  }
  return help ? "help" : given;
}

function isFlag(name: string): name is Flag {
  return Object.hasOwn(FLAGS, name);
}

function wholeNumber(given: Map<ValueFlag, string>, flag: ValueFlag, usual: number, min: number, max: number) {
  const text = given.get(flag);
  if (text === undefined) return usual;
  const value = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  throw new UsageError(
    `--${flag} must be a whole number, ${range}; got "${text}"; for example --${flag} ${EXAMPLES[flag]}`,
  );
}

function positiveNumber(given: Map<ValueFlag, string>, flag: ValueFlag, usual: number): number {
  const text = given.get(flag);
  if (text === undefined) return usual;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`--${flag} must be a number above 0; got "${text}"; for example --${flag} ${EXAMPLES[flag]}`);
}

/** Before training, so that no work is lost for want of a folder. */
function checkSave(file: string): void {
  checkFolder(
    dirname(resolve(file)),
    "--save cannot write there, for this is no folder",
    "make it first, or name another",
  );
  if (isFolder(file)) throw new UsageError(`--save names a folder: ${file}; add a file name, such as ${EXAMPLES.save}`);
}

function checkFolder(path: string, problem: string, mend: string): void {
  if (!isFolder(path)) throw new UsageError(`${problem}: ${path}; ${mend}`);
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
