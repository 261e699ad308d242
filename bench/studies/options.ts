import { parseArgs } from "node:util";

export const PARTS = ["keras", "dropout"] as const;
export type PartName = (typeof PARTS)[number];

export interface StudyOptions {
  /** A folder with MNIST's four IDX files. */
  readonly data: string | undefined;
  readonly parts: readonly PartName[];
  /** How many networks each arm of the comparison trains: with the seeds 1 … seeds. */
  readonly seeds: number;
  /** A pass over little data that shows that all works, and measures nothing. */
  readonly quick: boolean;
}

const SEEDS = 3;

export const HELP = `Usage: npm run study:mnist -- --data DIR [options]

Trains the classic networks for MNIST and holds them to published figures:

  keras      Keras's example, 784-512-512-10 with dropout, 20 epochs of RMSprop
  dropout    3 × 1024 units with dropout and max-norm against the same without,
             paired by seed

  --data DIR     the folder of MNIST's four IDX files, packed or not
  --part NAME    one of the two only
  --seeds N      networks in each arm of the comparison, 1 or more    ${SEEDS}
  --quick        seconds, to see that it works: its figures mean nothing
  -h, --help     this page
`;

/** @throws Error of one line for what cannot be meant so */
export function readOptions(args: readonly string[]): StudyOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: "string" },
      part: { type: "string" },
      seeds: { type: "string" },
      quick: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const { data, quick } = values;
  return { data, quick, parts: partsOf(values.part), seeds: seedsOf(values.seeds, quick ? 1 : SEEDS) };
}

function partsOf(given: string | undefined): readonly PartName[] {
  const parts = PARTS.filter((part) => given === undefined || part === given);
  if (parts.length === 0) throw new Error(`--part must be one of ${PARTS.join(", ")}; got "${given}"`);
  return parts;
}

function seedsOf(given: string | undefined, usual: number): number {
  const seeds = given === undefined ? usual : Number(given);
  if (!Number.isSafeInteger(seeds) || seeds < 1) {
    throw new Error(`--seeds must be a whole number of at least 1; got "${given}"`);
  }
  return seeds;
}
