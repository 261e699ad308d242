import { parseArgs } from "node:util";

export interface FuzzOptions {
  /** None: all. */
  readonly readers: readonly string[];
  readonly files: number;
  readonly seed: number;
  /** One case alone. */
  readonly case: number | undefined;
  readonly unreached: boolean;
  readonly write: boolean;
}

const FILES = 100_000;

export const help = (readers: readonly string[]) => `Usage: npm run fuzz -- [READER…] [options]

Reads files that somebody has damaged, or made to do damage: valid ones with
their bytes, lengths and meaning changed. Each has to be read or refused by a
code; within a second, with memory in proportion to its size, and without
anything else being changed. Each reader runs in a process of its own:

  ${readers.join(", ")}

  --files N      so many for each reader                                ${FILES}
  --seed N       what they are made of: the same N, the same files           1
  --case N       that one alone, with what came of it; kept in build/fuzz
  --unreached    also the branches that no file has reached
  --write        also docs/studies/fuzz.md; a reader that is not named has there
                 what was found last
  -h, --help     this page

Exit code 1 if a file was neither read nor refused as it should be.

Examples:
  npm run fuzz -- onnx --unreached
  npm run fuzz -- model --case 4711
`;

/** @throws Error of one line for what cannot be meant so */
export function readOptions(args: readonly string[]): FuzzOptions | "help" {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      files: { type: "string", default: String(FILES) },
      seed: { type: "string", default: "1" },
      case: { type: "string" },
      unreached: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const [files, seed] = [whole(values.files, "--files", 1), whole(values.seed, "--seed", 0)];
  const number = values.case === undefined ? undefined : whole(values.case, "--case", 0);
  if (number !== undefined && positionals.length !== 1) throw new Error("--case goes with one reader");
  return { ...values, files, seed, case: number, readers: positionals };
}

function whole(text: string, option: string, least: number): number {
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
  throw new Error(`${option} takes a whole number from ${least}; got "${text}"`);
}
