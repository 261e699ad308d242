import type { Logs } from "../model/callback.js";
import { formatClock, formatDuration, formatNumber, formatRate } from "./format.js";
import type { TerminalAbilities } from "./terminal.js";

/** An epoch under way, or finished. What is not known is left out. */
export interface Progress {
  /** Counts from 0. */
  readonly epoch: number;
  readonly epochs: number;
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly logs: Logs;
  readonly samplesPerSecond?: number | undefined;
  /** Until the whole run ends. */
  readonly msLeft?: number | undefined;
  /** What the finished epoch took. */
  readonly msTaken?: number | undefined;
}

/** A line, and the columns that it takes: escape codes take none. */
export interface Line {
  readonly text: string;
  readonly columns: number;
}

/** Something to show where there is room: the first of its texts that fits. Low ranks choose first. */
interface Figure {
  readonly rank: number;
  readonly texts: readonly string[];
}

const GAP = "  ";
const MIN_BAR_CELLS = 4;
const MAX_BAR_CELLS = 30;
const GREEN = "\x1b[32m";
const DEFAULT_COLOR = "\x1b[39m";

/** `epoch  3/30 ▕███▌  ▏ loss 0.1234  accuracy 0.9671  6.9k samples/s  run 0:12 left`, within `room` columns. */
export function liveLine(progress: Progress, room: number, abilities: TerminalAbilities): Line {
  const { steps, stepsPerEpoch, samplesPerSecond, msLeft } = progress;
  const figures: Figure[] = trainingEntries(progress.logs).map(([name, value], i) => ({
    rank: i < 2 ? i : i + 2,
    texts: [`${name} ${formatNumber(value)}`],
  }));
  if (samplesPerSecond !== undefined) figures.push({ rank: 3, texts: [rateText(samplesPerSecond)] });
  if (msLeft !== undefined) figures.push({ rank: 2, texts: [`run ${formatClock(msLeft)} left`] });

  const head = epochText(progress);
  if (!isCount(stepsPerEpoch)) return join(`${head}${GAP}step ${steps}`, figures, room);

  // "head bar tail": the bar gives way to the first figure, the loss, and takes what the others leave.
  const roomForTail = room - head.length - " []".length - MIN_BAR_CELLS - " ".length;
  const tail = fitting(figures, roomForTail).join(GAP);
  if (roomForTail < 0 || (tail === "" && figures.length > 0)) return join(head, figures, room);
  const taken = head.length + " []".length + (tail === "" ? 0 : 1 + tail.length);
  const cells = Math.min(MAX_BAR_CELLS, room - taken);
  const text = `${head} ${bar(steps / stepsPerEpoch, cells, abilities)}${tail === "" ? "" : ` ${tail}`}`;
  return { text, columns: taken + cells };
}

/** `epoch  3/30  210 ms  loss 0.1234 (val 0.1502)  accuracy 0.9671 (val 0.9583)`, within `room` columns. */
export function finishedLine(progress: Progress, room: number): Line {
  const { logs, msTaken, samplesPerSecond } = progress;
  const figures: Figure[] = trainingEntries(logs).map(([name, value], rank) => {
    const text = `${name} ${formatNumber(value)}`;
    const validation = logs[`val_${name}`];
    return { rank, texts: validation === undefined ? [text] : [`${text} (val ${formatNumber(validation)})`, text] };
  });
  for (const [name, value] of Object.entries(logs)) {
    const alone = isValidation(name) && !(name.slice("val_".length) in logs);
    if (alone) figures.push({ rank: figures.length, texts: [`${name} ${formatNumber(value)}`] });
  }
  if (msTaken !== undefined) figures.unshift({ rank: 0.5, texts: [formatDuration(msTaken).padStart(6)] });
  if (samplesPerSecond !== undefined) figures.push({ rank: Infinity, texts: [rateText(samplesPerSecond)] });
  return join(epochText(progress), figures, room);
}

/** One line of a log: every figure by its own name, `val_loss` too, so that tools can find it. */
export function plainLine(progress: Progress, room: number): string {
  const { steps, stepsPerEpoch, logs, msTaken, samplesPerSecond } = progress;
  const ofAll = isCount(stepsPerEpoch) ? `/${stepsPerEpoch}` : "";
  const texts = [msTaken === undefined ? `step ${steps}${ofAll}` : formatDuration(msTaken).padStart(6)];
  for (const [name, value] of Object.entries(logs)) texts.push(`${name} ${formatNumber(value)}`);
  if (samplesPerSecond !== undefined) texts.push(rateText(samplesPerSecond));
  const figures = texts.map((text, rank) => ({ rank, texts: [text] }));
  return join(epochText(progress), figures, room).text;
}

/** Filled by eighths of a cell; two columns wider than its cells. */
function bar(fraction: number, cells: number, { unicode, color }: TerminalAbilities): string {
  const filled = Math.min(1, Math.max(0, fraction)) * cells;
  const whole = Math.floor(filled);
  const tip = unicode ? " ▏▎▍▌▋▊▉".charAt(Math.floor((filled - whole) * 8)) : ">";
  const inside = ((unicode ? "█" : "=").repeat(whole) + tip).padEnd(cells).slice(0, cells);
  const painted = color ? GREEN + inside + DEFAULT_COLOR : inside;
  return unicode ? `▕${painted}▏` : `[${painted}]`;
}

/** The head, and as many figures as fit beside it. What does not fit is left out whole, never cut. */
function join(head: string, figures: readonly Figure[], room: number): Line {
  if (head.length > room) return { text: "", columns: 0 };
  const text = [head, ...fitting(figures, room - head.length - GAP.length)].join(GAP);
  return { text, columns: text.length };
}

/** The figures that fit, with gaps between them, in the order given. */
function fitting(figures: readonly Figure[], room: number): string[] {
  const taken = new Map<Figure, string>();
  let left = room + GAP.length;
  for (const figure of [...figures].sort((a, b) => a.rank - b.rank)) {
    const text = figure.texts.find((one) => GAP.length + one.length <= left);
    if (text === undefined) continue;
    taken.set(figure, text);
    left -= GAP.length + text.length;
  }
  return figures.flatMap((figure) => taken.get(figure) ?? []);
}

function epochText({ epoch, epochs }: Progress): string {
  if (!isCount(epochs)) return `epoch ${epoch + 1}`;
  return `epoch ${String(epoch + 1).padStart(String(epochs).length)}/${epochs}`;
}

function rateText(samplesPerSecond: number): string {
  return `${formatRate(samplesPerSecond).padStart(4)} samples/s`;
}

function trainingEntries(logs: Logs): [string, number][] {
  return Object.entries(logs).filter(([name]) => !isValidation(name));
}

function isValidation(name: string): boolean {
  return name.startsWith("val_");
}

/** Not so for a stream of chunks, which does not say how many steps it holds. */
function isCount(n: number): boolean {
  return Number.isFinite(n) && n > 0;
}
