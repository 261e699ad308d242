import type { Callback } from "../model/callback.js";
import { Pace } from "./pace.js";
import { finishedLine, liveLine, plainLine, type Line, type Progress } from "./progressLine.js";
import { standardOutput, terminalAbilities, type TextStream } from "./terminal.js";

export interface ProgressBarOptions {
  /** Where to write: standard output by default; in a browser, the console. */
  stream?: TextStream;
  /** The most columns to use. In a terminal 80 by default, and never more than it has; a log's lines are as long as need be. */
  width?: number;
  /** Milliseconds on a clock that only goes forward. */
  now?: () => number;
}

/** Shows an epoch's progress, and what is kept of it. */
interface Screen {
  /** Whether lines can be drawn over. */
  readonly live: boolean;
  draw(progress: Progress): void;
  finish(progress: Progress): void;
}

const DEFAULT_WIDTH = 80;
const MS_BETWEEN_DRAWS = 1000 / 15;

/**
 * Shows how training goes. In a terminal: one line, drawn anew up to 15 times a second, with the epoch, a bar for its
 * steps, the loss and metrics so far, samples a second, and the time left of the whole run. The line stays when the epoch
 * ends, with the epoch's figures. Elsewhere (a file, a pipe, a browser's console): one plain line an epoch.
 *
 * It listens to no batch, so it costs training nothing; it never hides the cursor, so nothing needs mending when training
 * throws.
 *
 * @example
 * await model.fit(x, y, { epochs: 10, callbacks: [progressBar()] });
 * // epoch  3/10 ▕███▌  ▏ loss 0.1234  accuracy 0.9671   52k samples/s  run 0:12 left
 */
export function progressBar(options: ProgressBarOptions = {}): Callback {
  const now = options.now ?? (() => performance.now());
  const screen = openScreen(options);
  let pace = new Pace();
  let lastDraw = -Infinity;
  let firstEpoch = true;
  /** The epoch under way, as last heard of. */
  let open: Progress | undefined;

  function draw(progress: Progress, time: number): void {
    if (!screen.live || time - lastDraw < MS_BETWEEN_DRAWS) return;
    lastDraw = time;
    screen.draw(progress);
  }

  return {
    name: "progressBar",

    onTrainBegin() {
      pace = new Pace();
      lastDraw = -Infinity;
      firstEpoch = true;
      open = undefined;
    },

    onEpochBegin(epoch, _logs, { info }) {
      const time = now();
      pace.beginEpoch(epoch, firstEpoch, time);
      open = { ...info, epoch, steps: 0, logs: {} };
      // An empty bar, once: the first figures may be a while in coming.
      if (firstEpoch) draw(open, time);
      firstEpoch = false;
    },

    onProgress(steps, logs, { info }) {
      if (open === undefined) return;
      const time = now();
      pace.report(steps, time, info);
      open = { ...open, steps, logs, samplesPerSecond: pace.samplesPerSecond, msLeft: pace.msLeft };
      draw(open, time);
    },

    onEpochEnd(epoch, logs, { info }) {
      const msTaken = pace.endEpoch(now(), info);
      screen.finish({
        ...info,
        epoch,
        steps: info.stepsPerEpoch,
        logs,
        msTaken,
        samplesPerSecond: pace.samplesPerSecond,
      });
      open = undefined;
    },

    onTrainEnd() {
      // Stopped in the midst of an epoch: its last state stays.
      if (open !== undefined && open.steps > 0) screen.finish({ ...open, msLeft: undefined });
      open = undefined;
    },
  };
}

function openScreen({ stream = standardOutput(), width }: ProgressBarOptions): Screen {
  if (stream?.isTTY) return terminalScreen(stream, width ?? DEFAULT_WIDTH);
  // A console ends its lines itself.
  const write =
    stream === undefined ? (text: string) => console.log(text) : (text: string) => stream.write(`${text}\n`);
  return { live: false, draw: () => {}, finish: (progress) => void write(plainLine(progress, width ?? Infinity)) };
}

function terminalScreen(stream: TextStream, width: number): Screen {
  const abilities = terminalAbilities();
  let shown = 0;

  // The last column stays free: some terminals wrap as soon as it is written. Read anew each time: windows are resized.
  const room = (): number => Math.min(width, (stream.columns || DEFAULT_WIDTH) - 1);

  /** `line` in place of the last one; blanks cover what that one left, which needs no escape codes. */
  function replace(line: Line, end: string): void {
    const blanks = " ".repeat(Math.max(0, Math.min(shown, room()) - line.columns));
    stream.write(`\r${line.text}${blanks}${end}`);
    shown = end === "\n" ? 0 : line.columns;
  }

  return {
    live: true,
    draw(progress) {
      replace(liveLine(progress, room(), abilities), "");
    },
    finish(progress) {
      const stopped = progress.msTaken === undefined;
      replace(stopped ? liveLine(progress, room(), abilities) : finishedLine(progress, room()), "\n");
    },
  };
}
