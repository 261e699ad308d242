// The rounds of one task: every rival in turn, each time in a new process, with the machine's peak in between.

import { peakGflops } from "../kernels/machine.js";
import type { TaskData } from "./data.js";
import { type Answer, ask, commandOf, type Reply } from "./process.js";
import { type Cell, median, spread, type TaskResult } from "./results.js";
import type { Rival } from "./rivals.js";
import type { Task } from "./tasks.js";

/** Of a process, besides what it measures: its start, its data and its first step. */
const SPARE_SECONDS = 30;
const PEAK_SECONDS = 0.05;
/** A process that took so long is not run again: its figure varies by little. */
const SLOW_SECONDS = 25;
/** Cold starts are short, and scatter. */
const COLD_ROUNDS = 4;
const TOLERANCE = 1e-4; // between the probabilities of two libraries

export interface Settings {
  readonly folder: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUp: number;
  readonly limit: number;
  readonly python: string | undefined;
  progress(text: string): void;
}

interface Turn {
  readonly rival: Rival;
  readonly replies: Reply[];
  none: string | undefined;
  slow: boolean;
  version?: string;
}

export interface TaskRun {
  readonly result: TaskResult;
  readonly versions: Readonly<Record<string, string>>;
}

export async function runTask(
  task: Task,
  rivals: readonly Rival[],
  data: TaskData,
  settings: Settings,
): Promise<TaskRun> {
  const turns = rivals.map((rival): Turn => ({ rival, replies: [], none: rival.lacks(task), slow: false }));
  if (task.kind === "cold") await prepare(task, turns, data, settings);
  const rounds = task.kind === "cold" ? settings.rounds * COLD_ROUNDS : settings.rounds;
  const peaks: number[] = [];
  const bare: Bare = { node: [], python: [] };
  for (let round = 1; round <= rounds; round++) {
    peaks.push(peakGflops(PEAK_SECONDS));
    if (task.kind === "cold") await startBare(bare, data, settings);
    for (const turn of turns) {
      if (turn.none !== undefined || turn.slow) continue;
      settings.progress(`${task.name}, round ${round} of ${rounds}: ${turn.rival.title}`);
      await take(turn, task, data, settings, round);
    }
  }
  compareOutputs(turns);
  const cells = turns.map((turn) => [turn.rival.name, cellOf(turn, bare[turn.rival.runtime])] as const);
  const versions = turns.flatMap(({ rival, version }) =>
    version === undefined ? [] : [[rival.name, version] as const],
  );
  return { result: { peak: spread(peaks), cells: Object.fromEntries(cells) }, versions: Object.fromEntries(versions) };
}

async function take(turn: Turn, task: Task, data: TaskData, settings: Settings, seed: number): Promise<void> {
  const began = performance.now();
  const answer = await askRival(turn.rival, task, { ...data, kind: task.kind, seed }, settings);
  turn.slow = (performance.now() - began) / 1000 > SLOW_SECONDS;
  if ("none" in answer) turn.none = answer.none;
  else if (answer.reply.over !== undefined) turn.none = overText(answer.reply);
  else turn.replies.push(answer.reply);
  if ("reply" in answer && answer.reply.version) turn.version = answer.reply.version;
}

function overText({ over, epochs, accuracy }: Reply): string {
  const reached = accuracy ? `${(100 * accuracy).toFixed(1)} % in ${epochs} epochs` : "which is not an epoch";
  return `not within ${over} s, ${reached}`;
}

function askRival(rival: Rival, task: Task, job: object, settings: Settings): Promise<Answer> {
  const { folder, seconds, warmUp, limit, python } = settings;
  const { threads, backend } = rival;
  const full = { ...job, network: task.network, target: task.target, folder, seconds, warmUp, limit, threads, backend };
  const script = task.kind === "cold" && !("prepare" in job) ? `cold/${rival.cold}` : rival.worker;
  return ask(commandOf(rival, python), script, full, threads, limit + SPARE_SECONDS);
}

/** Has those that save formats of their own do so. */
async function prepare(task: Task, turns: readonly Turn[], data: TaskData, settings: Settings): Promise<void> {
  for (const turn of turns.filter(({ rival, none }) => none === undefined && rival.prepares)) {
    const answer = await askRival(turn.rival, task, { ...data, kind: "prepare", prepare: true }, settings);
    if ("none" in answer) turn.none = answer.none;
    else if (answer.reply.version) turn.version = answer.reply.version;
  }
}

/** What the runtimes themselves take: taken off a cold start. */
type Bare = Readonly<Record<Rival["runtime"], Reply[]>>;

async function startBare(bare: Bare, data: TaskData, { python, limit }: Settings): Promise<void> {
  for (const runtime of ["node", "python"] as const) {
    if (runtime === "python" && python === undefined) continue;
    const script = runtime === "node" ? "cold/node.mjs" : "cold/python_cold.py";
    const answer = await ask(commandOf({ runtime }, python), script, data, 1, limit);
    if ("reply" in answer) bare[runtime].push(answer.reply);
  }
}

/** One who is fast at something else is out. */
function compareOutputs(turns: readonly Turn[]): void {
  const own = turns.find(({ replies }) => replies[0]?.outputs)?.replies[0]!.outputs;
  for (const turn of turns) {
    const outputs = turn.replies[0]?.outputs;
    if (own === undefined || outputs === undefined) continue;
    const apart = Math.max(...own.map((value, i) => Math.abs(value - outputs[i]!)));
    if (!(apart <= TOLERANCE)) turn.none = `computes something else: ${apart.toPrecision(2)} apart`;
  }
}

function cellOf({ none, replies }: Turn, bare: readonly Reply[]): Cell {
  if (none !== undefined || replies.length === 0) return { none: none ?? "no result" };
  const cold = replies[0]!.bytes !== undefined;
  const seconds = replies.map(
    ({ samples }) => median(samples!) - (cold ? medianOf(bare, ({ samples }) => samples![0]!) : 0),
  );
  const epochs = replies.flatMap((reply) => reply.epochs ?? []);
  return {
    seconds: spread(seconds),
    rounds: replies.length,
    ...(epochs.length > 0 && { epochs }),
    ...(cold && { bytes: medianOf(replies, ({ bytes }) => bytes!) - medianOf(bare, ({ bytes }) => bytes!) }),
  };
}

function medianOf(replies: readonly Reply[], figure: (reply: Reply) => number): number {
  return median(replies.map(figure));
}
