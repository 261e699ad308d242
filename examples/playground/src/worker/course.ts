import type { Course } from "./messages.js";

/** Epochs that are kept: beyond, every other one is dropped. */
const MOST_EPOCHS = 400;

/** Figures over the epochs, however many there are. */
export class CourseOfTraining {
  #epochs: number[] = [];
  #figures: Record<string, number[]> = {};
  #every = 1;

  /** @param epoch counts from 1 */
  add(epoch: number, logs: Readonly<Record<string, number>>): void {
    // The last one is always there; those before it, evenly spaced.
    if (this.#epochs.length > 1 && (this.#epochs.at(-1)! - 1) % this.#every !== 0)
      this.#keep((i) => i < this.#epochs.length - 1);
    this.#epochs.push(epoch);
    for (const [name, value] of Object.entries(logs)) (this.#figures[name] ??= []).push(value);
    if (this.#epochs.length <= MOST_EPOCHS) return;
    this.#every *= 2;
    this.#keep((i) => (this.#epochs[i]! - 1) % this.#every === 0 || i === this.#epochs.length - 1);
  }

  toJSON(): Course {
    return { epochs: this.#epochs, figures: this.#figures };
  }

  #keep(keeps: (index: number) => boolean): void {
    const kept = this.#epochs.map((_, i) => keeps(i));
    for (const [name, values] of Object.entries(this.#figures)) this.#figures[name] = values.filter((_, i) => kept[i]);
    this.#epochs = this.#epochs.filter((_, i) => kept[i]);
  }
}
