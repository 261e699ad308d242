/** The numbers that one case is made of: the same for the same seed and case, everywhere. */
export class Random {
  #state: number;

  constructor(seed: number, number: number) {
    this.#state = mixed(mixed(seed | 0) ^ number);
  }

  /** 32 bits: a step of the golden ratio, mixed (splitmix32). */
  bits(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return mixed(this.#state);
  }

  /** A whole number from 0, less than `end`; of 0 it is 0. */
  below(end: number): number {
    return end > 1 ? this.bits() % end : 0;
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** A few: as many more as luck will have it, `most` at most. */
  few(most: number): number {
    let count = 0;
    while (count < most && this.oneIn(2)) count++;
    return count;
  }
}

function mixed(bits: number): number {
  bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return (bits ^ (bits >>> 15)) >>> 0;
}
