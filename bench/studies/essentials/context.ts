import type { StudyData } from "./data.js";
import type { Context } from "./experiment.js";

export const SEEDS = [1, 2, 3, 4, 5];

/** How much an experiment does: what it asks for, or just enough to see that it works. */
export function contextOf(
  data: StudyData,
  { quick, machine }: { quick: boolean; machine: string },
  say: (progress: string) => void,
): Context {
  const most = (limit: number) => (count: number) => (quick ? Math.min(count, limit) : count);
  return { data, machine, seeds: quick ? [1] : SEEDS, rows: most(200), epochs: most(2), steps: most(10), say };
}
