import type { TrainingInfo } from "../model/callback.js";

/** So many steps were done at that time. */
interface Mark {
  readonly time: number;
  readonly steps: number;
}

/**
 * How fast a run goes. Times are in milliseconds; a clock that stands still, as on some servers, gives no figures rather
 * than infinite ones.
 */
export class Pace {
  /** The last known speed of this epoch or, early in an epoch, of the one before. */
  samplesPerSecond: number | undefined;
  /** Until the whole run ends, validation included as far as it has been met. */
  msLeft: number | undefined;

  #epoch = 0;
  #epochBegan = 0;
  #epochMark: Mark | undefined;
  #runMark: Mark | undefined;
  #measured = false;

  /** `first`: of this run. A resumed epoch begins somewhere in its midst, which only its first report can tell. */
  beginEpoch(epoch: number, first: boolean, time: number): void {
    this.#epoch = epoch;
    this.#epochBegan = time;
    this.#epochMark = first ? undefined : { time, steps: 0 };
    this.#measured = false;
  }

  /** `steps` of this epoch are done. */
  report(steps: number, time: number, { epochs, batchSize, samples, stepsPerEpoch }: TrainingInfo): void {
    const epochMark = (this.#epochMark ??= { time, steps });

    // The last batch of an epoch may be a smaller one.
    const samplesAfter = (n: number): number => (n >= stepsPerEpoch ? samples : n * batchSize);
    const speed = perMs(samplesAfter(steps) - samplesAfter(epochMark.steps), time - epochMark.time);
    if (speed !== undefined) {
      this.samplesPerSecond = speed * 1000;
      this.#measured = true;
    }
    if (!Number.isFinite(stepsPerEpoch)) return; // a stream in its first epoch
    const total = this.#epoch * stepsPerEpoch + steps;
    const runMark = (this.#runMark ??= { time, steps: total });
    const stepsPerMs = perMs(total - runMark.steps, time - runMark.time);
    const left = Math.max(0, epochs * stepsPerEpoch - total);
    if (stepsPerMs !== undefined && Number.isFinite(left)) this.msLeft = left / stepsPerMs;
  }

  /** What the epoch took; one too short for reports is measured as a whole. */
  endEpoch(time: number, { samples }: TrainingInfo): number {
    const took = time - this.#epochBegan;
    if (!this.#measured) {
      const whole = this.#epochMark === undefined || this.#epochMark.steps === 0;
      const speed = whole ? perMs(samples, took) : undefined;
      this.samplesPerSecond = speed === undefined ? undefined : speed * 1000;
    }
    return took;
  }
}

function perMs(count: number, ms: number): number | undefined {
  return count > 0 && ms > 0 && Number.isFinite(count) ? count / ms : undefined;
}
