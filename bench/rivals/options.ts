import { parseArgs } from "node:util";
import { rivalsOf } from "./rivals.js";
import { TASKS } from "./tasks.js";

export interface RivalsOptions {
  readonly rivals: readonly string[];
  readonly tasks: readonly string[];
  readonly rounds: number;
  /** Seconds that a training may take. */
  readonly limit: number;
  /** A short pass over all; its figures are coarse. */
  readonly quick: boolean;
  readonly write: boolean;
  readonly mnist: string;
}

export const RIVAL_NAMES = rivalsOf(1).map(({ name }) => name);
const TASK_NAMES = TASKS.map(({ name }) => name);
const ROUNDS = 3;
const LIMIT = 90;
const QUICK_LIMIT = 3;

export const HELP = `Usage: npm ci --prefix bench/rivals && npm run rivals -- [options]

Times lanewise beside other trainers: each rival and task in processes of its
own, in turns, beside the machine's SIMD peak. About 20 minutes.

  --only A,B     rivals: ${RIVAL_NAMES.slice(0, 5).join(" ")}
                 ${RIVAL_NAMES.slice(5).join(" ")}
  --tasks A,B    tasks: ${TASK_NAMES.slice(0, 10).join(" ")}
                 ${TASK_NAMES.slice(10).join(" ")}
  --rounds N     processes for each rival and task, 1 or more         ${ROUNDS}
  --limit S      seconds that a training may take                    ${LIMIT}
  --mnist DIR    folder of MNIST's four IDX files; without them the task is
                 skipped                                ../shared/data/mnist
  --quick        one round, short samples, trainings of ${QUICK_LIMIT} s at most
  --write        results.json, docs/studies/rivals.md and its chart, and the
                 README's table; tasks that were not run keep their figures
  -h, --help     this page
`;

/** @throws Error of one line for what cannot be meant so */
export function readOptions(args: readonly string[]): RivalsOptions | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      tasks: { type: "string" },
      rounds: { type: "string" },
      limit: { type: "string" },
      mnist: { type: "string", default: "../shared/data/mnist" },
      quick: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  const { quick, write, mnist } = values;
  if (write && (quick || values.only !== undefined)) {
    throw new Error("--write keeps what all rivals measured at length: not with --quick or --only");
  }
  return {
    rivals: namesOf("--only", values.only, RIVAL_NAMES),
    tasks: namesOf("--tasks", values.tasks, TASK_NAMES),
    rounds: count("--rounds", values.rounds, quick ? 1 : ROUNDS),
    limit: count("--limit", values.limit, quick ? QUICK_LIMIT : LIMIT),
    quick,
    write,
    mnist,
  };
}

function namesOf(option: string, given: string | undefined, known: readonly string[]): readonly string[] {
  if (given === undefined) return known;
  const names = given.split(",");
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`${option} takes ${known.join(", ")}; got "${unknown}"`);
  return known.filter((name) => names.includes(name));
}

function count(option: string, given: string | undefined, usual: number): number {
  const value = given === undefined ? usual : Number(given);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new Error(`${option} must be a whole number of at least 1; got "${given}"`);
  }
  return value;
}
