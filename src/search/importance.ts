// What mattered: how much of the differences between trials goes with each hyperparameter by itself.

import { shortValue } from "./format.js";
import { Distribution, type Params, type SearchSpace } from "./space.js";

/** Trials that share a value of a hyperparameter, or a quarter of its values. */
export interface ImportanceGroup {
  readonly label: string;
  readonly trials: number;
  /** Of their scores; null where most were not finite. */
  readonly median: number | null;
}

export interface Importance {
  readonly name: string;
  /** Of the variance of the trials' ranks, 0 … 1: what goes with this hyperparameter beyond chance. */
  readonly share: number;
  readonly groups: readonly ImportanceGroup[];
}

/** What a trial drew and how it did; null: not finite. */
export interface Outcome {
  readonly params: Params;
  readonly score: number | null;
}

/**
 * One-way analysis of variance over ranks, the most important first. Ranks, as scores are skewed and those that are not
 * finite rank last; the share is ε² = (between − (groups − 1) · within) / total, η² without what groups explain by chance
 * (Kelley 1935), and 0 where that is negative. It sees no interactions, and of few trials it is rough.
 */
export function importanceOf(space: SearchSpace, outcomes: readonly Outcome[], higher: boolean): Importance[] {
  const ranks = ranksOf(outcomes, higher);
  const searched = Object.entries(space).filter(
    (entry): entry is [string, Distribution] => entry[1] instanceof Distribution,
  );
  return searched
    .map(([name, distribution]) => {
      const groups = groupsOf(name, distribution, outcomes);
      return {
        name,
        share: shareOf(groups.map(({ members }) => members.map((i) => ranks[i]!))),
        groups: groups.map(({ label, members }) => ({
          label,
          trials: members.length,
          median: median(
            members.map((i) => outcomes[i]!.score),
            higher,
          ),
        })),
      };
    })
    .sort((a, b) => b.share - a.share);
}

/** 1 for the best; equal scores share the mean of their ranks. */
function ranksOf(outcomes: readonly Outcome[], higher: boolean): number[] {
  const order = outcomes.map((_, i) => i).sort((a, b) => compare(outcomes[a]!.score, outcomes[b]!.score, higher));
  const ranks = new Array<number>(outcomes.length);
  for (let first = 0; first < order.length;) {
    let end = first + 1;
    while (end < order.length && outcomes[order[end]!]!.score === outcomes[order[first]!]!.score) end++;
    for (let place = first; place < end; place++) ranks[order[place]!] = (first + 1 + end) / 2;
    first = end;
  }
  return ranks;
}

function compare(a: number | null, b: number | null, higher: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return higher ? b - a : a - b;
}

interface Group {
  readonly label: string;
  readonly members: number[];
}

const MOST_GROUPS = 4;
const FEWEST_IN_GROUP = 5;

/** By value, where there are few; numbers otherwise by quarters, or fewer parts where trials are few. */
function groupsOf(name: string, { values }: Distribution, outcomes: readonly Outcome[]): Group[] {
  const drawn = outcomes.map(({ params }) => params[name]);
  const distinct = values ?? [...new Set(drawn)].sort((a, b) => (a as number) - (b as number));
  if (values || distinct.length <= MOST_GROUPS) {
    return distinct
      .map((value) => ({
        label: shortValue(value),
        members: drawn.flatMap((other, i) => (other === value ? [i] : [])),
      }))
      .filter(({ members }) => members.length > 0);
  }
  const order = drawn.map((_, i) => i).sort((a, b) => (drawn[a] as number) - (drawn[b] as number));
  const count = Math.max(2, Math.min(MOST_GROUPS, Math.floor(order.length / FEWEST_IN_GROUP)));
  return Array.from({ length: count }, (_, part) => {
    const edge = (i: number) => Math.round((i * order.length) / count);
    const members = order.slice(edge(part), edge(part + 1));
    const [low, high] = [drawn[members[0]!], drawn[members.at(-1)!]];
    return { label: `${shortValue(low)} … ${shortValue(high)}`, members };
  });
}

function shareOf(groups: readonly (readonly number[])[]): number {
  const all = groups.flat();
  const mean = meanOf(all);
  const total = squaresAround(all, mean);
  const within = groups.reduce((sum, group) => sum + squaresAround(group, meanOf(group)), 0);
  const free = all.length - groups.length;
  if (groups.length < 2 || free <= 0 || total === 0) return 0;
  return Math.max(0, (total - within - (groups.length - 1) * (within / free)) / total);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function squaresAround(values: readonly number[], mean: number): number {
  return values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
}

/** Of an even number, the worse of the two in the middle. */
export function median(scores: readonly (number | null)[], higher: boolean): number | null {
  const sorted = [...scores].sort((a, b) => compare(a, b, higher));
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
