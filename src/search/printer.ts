import { formatDuration } from "../callbacks/format.js";
import type { TextStream } from "../callbacks/terminal.js";
import { cut, formatScore, paramsText, plural } from "./format.js";
import type { TrialEvent } from "./search.js";

const DEFAULT_WIDTH = 80;

/**
 * A listener that prints a line for each trial, a headline for each rung:
 *
 *     rung 1 of 4: 40 trials to epoch 1, by val_accuracy
 *       1/40  #1   0.8471 *  120 ms  depth 2, units 64, funnel true, activation relu…
 *
 * A star marks the best so far. In a terminal lines are cut to its width; elsewhere they are whole.
 */
export function trialPrinter(stream: TextStream | undefined): (event: TrialEvent) => void {
  const room = () => (stream?.isTTY ? Math.min(DEFAULT_WIDTH, stream.columns || DEFAULT_WIDTH) - 1 : Infinity);
  const write = (line: string) => {
    const text = cut(line, room());
    if (stream) stream.write(`${text}\n`);
    else console.log(text); // a browser's, which ends its lines itself
  };
  let rung = 0;
  return (event) => {
    const { trials, epochs } = event.rungs[event.rung - 1]!;
    if (event.rung !== rung) {
      rung = event.rung;
      const headline = `rung ${rung} of ${event.rungs.length}: ${plural(trials, "trial")} to epoch ${epochs}`;
      write(`${headline}, by ${event.monitor}`);
    }
    const { trial, best, done, ms } = event;
    const digits = String(trials).length;
    write(
      [
        `${String(done).padStart(digits + 2)}/${trials}`,
        `#${trial.number}`.padEnd(String(event.rungs[0]!.trials).length + 1),
        `${formatScore(trial.rungs.at(-1)!.score).padStart(6)} ${trial.number === best.number ? "*" : " "}`,
        formatDuration(ms).padStart(6),
        paramsText(event.space, trial.params),
      ].join("  "),
    );
  };
}
