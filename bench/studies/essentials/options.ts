import { cpus } from "node:os";
import { parseArgs } from "node:util";

export interface EssentialsOptions {
  /** A folder with MNIST's four IDX files; without, the digits that come with the library. */
  readonly data: string | undefined;
  /** The one experiment to run, counted from 1. */
  readonly only: number | undefined;
  /** What kind of machine this is, for the times. */
  readonly machine: string;
  /** A pass over little data that shows that all works, and measures nothing. */
  readonly quick: boolean;
  /** Where essentials.md and essentials/ are written; undefined: nowhere. */
  readonly out: string | undefined;
}

export function help(titles: readonly string[]): string {
  return `Usage: npm run essentials -- [options]

Runs small experiments on what makes deep networks learn, five seeds each, and writes
docs/essentials.md with its figures:

${titles.map((title, i) => `  ${i + 1}  ${title}`).join("\n")}

  --data DIR     the folder of MNIST's four IDX files, packed or not; without it
                 the 1,797 digits that come with lanewise
  --only N       one experiment: its section is printed, and no page written
  --quick        seconds, to see that it works: its figures mean nothing, and no page
                 is written
  --machine TEXT what kind of machine this is, to stand beside the times
  --out DIR      write there instead of docs, and also what --only or --quick gives
  -h, --help     this page
`;
}

/** @throws Error of one line for what cannot be meant so */
export function readOptions(args: readonly string[], experiments: number): EssentialsOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: "string" },
      only: { type: "string" },
      out: { type: "string" },
      machine: { type: "string", default: `a ${cpus().length}-core ${process.arch} machine` },
      quick: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const { data, quick, machine } = values;
  const only = values.only === undefined ? undefined : Number(values.only);
  if (only !== undefined && !(Number.isInteger(only) && only >= 1 && only <= experiments)) {
    throw new Error(`--only must be a whole number from 1 to ${experiments}; got "${values.only}"`);
  }
  return { data, only, quick, machine, out: values.out ?? (quick || only !== undefined ? undefined : "docs") };
}
