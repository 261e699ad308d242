// One self-contained page: a strip of all trials for each hyperparameter, and the table of trials. No script, no address.

import { cut, formatScore, plural, shortValue } from "./format.js";
import { axisOf, type Found, percent } from "./report.js";
import type { Distribution } from "./space.js";
import type { Trial } from "./trial.js";

const STRIP = { width: 260, height: 150, left: 46, right: 10, top: 10, bottom: 26 };
/** So many stand beside each other below a strip. */
const TICK_CHARACTERS = 36;

export function reportHtml(found: Found): string {
  const { monitor, trials, bestScore, seed, importance, rungs } = found;
  const title = `Search: ${plural(trials.length, "trial")}, best ${monitor} ${formatScore(bestScore)}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(title)}</title>
<style>
:root { color-scheme: light dark; --ink: #1d2733; --quiet: #66717f; --line: #d5dae1; --dot: #2f6fd0; --best: #d3542b; --paper: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --quiet: #98a2b0; --line: #39424e; --dot: #7fb0ff; --best: #ff9468; --paper: #14181d } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
.strips { display: flex; flex-wrap: wrap; gap: 1rem }
figure { margin: 0 } figcaption { font-weight: 600 } small, th { color: var(--quiet); font-weight: 400 }
svg { display: block } svg text { font: 11px system-ui, sans-serif; fill: var(--quiet) } svg line { stroke: var(--line) }
circle { fill: var(--dot); fill-opacity: .55 } circle.best { fill: var(--best); fill-opacity: 1 }
table { border-collapse: collapse; font-variant-numeric: tabular-nums } .wide { overflow-x: auto }
th, td { text-align: right; padding: .15rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap }
</style>
<h1>${escape(title)}</h1>
<p>Seed ${seed}. ${rungs.map(({ trials, epochs }) => `${trials} to epoch ${epochs}`).join(", ")}.
Below, each trial's ${escape(monitor)} after ${plural(rungs[0]!.epochs, "epoch")}; the percentage is the share of the variance of its rank that goes with the hyperparameter alone.</p>
<div class="strips">
${importance.map(({ name, share }) => strip(found, name, share)).join("\n")}
</div>
<h2>Trials</h2>
<div class="wide"><table>
<tr>${["trial", "status", "epochs", monitor, ...importance.map(({ name }) => name)].map((cell) => `<th>${escape(cell)}</th>`).join("")}</tr>
${trials.map((trial) => row(found, trial)).join("\n")}
</table></div>
</html>
`;
}

function row({ importance }: Found, { number, status, epochs, score, params }: Trial): string {
  const cells = [`#${number}`, status, String(epochs), formatScore(score)];
  const values = importance.map(({ name }) => shortValue(params[name]));
  return `<tr>${[...cells, ...values].map((cell) => `<td>${escape(cell)}</td>`).join("")}</tr>`;
}

/** Scores upwards over the values of one hyperparameter; the best trial stands out. */
function strip(found: Found, name: string, share: number): string {
  const { width, height, left, right, top, bottom } = STRIP;
  const shown = found.trials.filter(({ rungs }) => rungs[0]!.score !== null);
  const scores = shown.map(({ rungs }) => rungs[0]!.score!);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const { place, ticks } = axis(found, name);
  const x = (at: number) => (left + at * (width - left - right)).toFixed(1);
  const y = (score: number) => (top + ((high - score) / (high - low || 1)) * (height - top - bottom)).toFixed(1);
  const dots = shown.map(({ number, params, rungs }, i) => {
    const score = rungs[0]!.score!;
    const tip = `#${number}: ${shortValue(params[name])}, ${formatScore(score)}`;
    return `<circle cx="${x(place(params[name], i))}" cy="${y(score)}" r="4"${i === 0 ? ' class="best"' : ""}><title>${escape(tip)}</title></circle>`;
  });
  const floor = height - bottom;
  const marks = ticks.map(([at, label], i) => {
    const anchor = ticks.length > 2 ? "middle" : i === 0 ? "start" : "end";
    return `<text x="${x(at)}" y="${height - 8}" text-anchor="${anchor}">${escape(label)}</text>`;
  });
  return `<figure><figcaption>${escape(name)} <small>${percent(share).trim()}</small></figcaption>
<svg width="${width}" height="${height}" role="img" aria-label="${escape(`${found.monitor} over ${name}`)}">
<line x1="${left}" y1="${floor}" x2="${width - right}" y2="${floor}"/><line x1="${left}" y1="${top}" x2="${left}" y2="${floor}"/>
<text x="${left - 6}" y="${top + 4}" text-anchor="end">${formatScore(high)}</text><text x="${left - 6}" y="${floor}" text-anchor="end">${formatScore(low)}</text>
${[...marks, ...dots.reverse()].join("\n")}
</svg></figure>`;
}

interface Axis {
  /** Where a value stands, 0 … 1; the index spreads trials of one name. */
  readonly place: (value: unknown, index: number) => number;
  readonly ticks: readonly (readonly [at: number, label: string])[];
}

function axis(found: Found, name: string): Axis {
  const { values, range } = found.space[name] as Distribution;
  const kind = axisOf(found, name);
  if (kind === "names") {
    const middle = (i: number) => (i + 0.5) / values!.length;
    const spread = (index: number) => (((index % 7) - 3) / 7) * (0.5 / values!.length);
    return {
      place: (value, index) => middle(values!.indexOf(value)) + spread(index),
      ticks: values!.map((value, i) => [
        middle(i),
        cut(shortValue(value), Math.floor(TICK_CHARACTERS / values!.length)),
      ]),
    };
  }
  // For the eye only: no result depends on the logarithm.
  const scale = kind === "log" ? Math.log : (value: number) => value;
  const [low, high] = range!;
  return {
    place: (value) => (scale(value as number) - scale(low)) / (scale(high) - scale(low)),
    ticks: [
      [0, shortValue(low)],
      [1, shortValue(high)],
    ],
  };
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
