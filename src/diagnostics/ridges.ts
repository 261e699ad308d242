// Distributions of activations, a ridge a layer: over a logarithmic axis that runs both ways from 0.

import { figure, percent } from "./figures.js";
import { html, type Html, join, raw, table } from "./html.js";
import type { Bin } from "./observation.js";
import type { LayerReport } from "./report.js";

/** Of the axis' width 1: the strip in its middle, for all that is smaller than the least decade. */
const MIDDLE = 0.04;
const MOST_DECADES = 6;

/** From 10^low to 10^high, on either side where anything is negative. */
interface Axis {
  readonly signed: boolean;
  readonly low: number;
  readonly high: number;
}

export function ridgesOf(layers: readonly LayerReport[]): Html {
  const axis = axisOf(layers);
  const height = layers.length <= 12 ? 40 : layers.length <= 40 ? 24 : 12;
  const title = "Activations by layer";
  const label = `${title}: a distribution a layer; its figures are in the table below`;
  const note =
    "How often values of each size occur in a layer's output: by octave, each row to its own greatest; negative to the left, and in the strip at 0 all that is smaller than the axis shows. On the right, the share that is exactly 0.";
  return html`<figure class="wide">
    <figcaption>
      <strong>${title}</strong>
      <p>${note}</p>
    </figcaption>
    ${axis ? html`<div role="img" aria-label="${label}">${join(layers.map((layer) => ridgeOf(layer, axis, height)))}${ticksOf(axis)}</div>` : html`<div class="empty">No layer has an output that is finite and not 0.</div>`}
    <details>
      <summary>Figures</summary>
      <div class="scroll" tabindex="0">${tableOf(layers)}</div>
    </details>
  </figure>`;
}

function axisOf(layers: readonly LayerReport[]): Axis | undefined {
  const bins = layers
    .flatMap(({ observation }) => observation.output.histogram)
    .filter(({ low, high }) => low * high > 0);
  if (bins.length === 0) return undefined;
  const sizes = bins.map(({ low, high }) => [
    Math.min(Math.abs(low), Math.abs(high)),
    Math.max(Math.abs(low), Math.abs(high)),
  ]);
  const high = Math.ceil(Math.log10(sizes.reduce((most, [, far]) => Math.max(most, far!), 0)) - 0.05);
  const least = Math.floor(Math.log10(sizes.reduce((few, [near]) => Math.min(few, near!), Infinity)));
  const signed = bins.some((bin) => bin.low < 0);
  return { signed, low: Math.min(high - 1, Math.max(least, high - MOST_DECADES)), high };
}

/** Where 0 stands. */
function originOf({ signed }: Axis): number {
  return signed ? 0.5 : MIDDLE / 2;
}

/** Where a value stands, from 0 to 1. */
function placeOf(value: number, axis: Axis): number {
  const [size, side, origin] = [Math.abs(value), Math.sign(value), originOf(axis)];
  if (size <= 10 ** axis.low) return origin + side * (MIDDLE / 2) * (size / 10 ** axis.low);
  const share = Math.min(1, (Math.log10(size) - axis.low) / (axis.high - axis.low));
  return origin + side * (MIDDLE / 2 + share * (1 - origin - MIDDLE / 2));
}

/** Bins on the axis; those that the middle swallows are one. */
function stepsOf(histogram: readonly Bin[], axis: Axis): { from: number; to: number; density: number }[] {
  const least = 10 ** axis.low;
  const inner = histogram.filter(({ low, high }) => Math.max(-low, high) <= least || low * high <= 0);
  const middle = inner.reduce((sum, { count }) => sum + count, 0);
  const outer = histogram
    .filter((bin) => !inner.includes(bin))
    .map(({ low, high, count }) => {
      const [from, to] = [placeOf(low, axis), placeOf(high, axis)];
      return { from, to, density: to > from ? count / (to - from) : 0 };
    });
  const origin = originOf(axis);
  const centre = { from: origin - MIDDLE / 2, to: origin + MIDDLE / 2, density: middle / MIDDLE };
  return [...outer, ...(middle > 0 ? [centre] : [])].sort((a, b) => a.from - b.from);
}

/** Letters of a name that stay where it is too long: ends tell layers apart. */
const TAIL = 5;

function ridgeOf({ name, observation }: LayerReport, axis: Axis, height: number): Html {
  const { count, nonFinite, zeros, histogram } = observation.output;
  const letters = [...name];
  const steps = stepsOf(histogram, axis);
  const outer = steps
    .filter(({ from, to }) => to <= originOf(axis) || from >= originOf(axis))
    .map(({ density }) => density);
  const most = Math.max(...(outer.length > 0 ? outer : steps.map(({ density }) => density)), Number.MIN_VALUE);
  const path = steps.map(({ from, to, density }) => {
    const top = 100 - 94 * Math.min(1, density / most);
    return `M${place(from)} 100V${top.toFixed(1)}H${place(to)}V100Z`;
  });
  const lines = decadesOf(axis).flatMap((decade) => sidesOf(axis).map((side) => placeOf(side * 10 ** decade, axis)));
  const grid = lines.map((at) => `<line x1="${place(at)}" x2="${place(at)}" y1="0" y2="100"/>`).join("");
  const broken = nonFinite > 0 ? `${percent(nonFinite / count)} NaN` : percent(zeros / count);
  return html`<div class="ridge">
    <span class="name" title="${name}"
      ><span>${letters.slice(0, -TAIL).join("")}</span>${letters.slice(-TAIL).join("")}</span
    ><svg viewBox="0 0 1000 100" preserveAspectRatio="none" height="${height}" aria-hidden="true">
      ${raw(grid)}
      <path d="${path.join("")}" /></svg
    ><span class="zeros">${broken}</span>
  </div> `;
}

function place(share: number): string {
  return (share * 1000).toFixed(1);
}

function decadesOf({ low, high }: Axis): number[] {
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}

function sidesOf({ signed }: Axis): number[] {
  return signed ? [-1, 1] : [1];
}

function ticksOf(axis: Axis): Html {
  const tick = (at: number, text: Html | string, minor: boolean) =>
    html`<span class="${minor ? "minor" : "major"}" style="left:${place(at / 10)}%">${text}</span>`;
  const every = Math.ceil((axis.high - axis.low) / (axis.signed ? 2 : 4));
  const sides = decadesOf(axis)
    .slice(1) // the least stands beside 0
    .reverse()
    .flatMap((decade, i) =>
      sidesOf(axis).map((sign) => {
        const text = html`${sign < 0 ? "−" : ""}10<sup>${String(decade).replace("-", "−")}</sup>`;
        return tick(placeOf(sign * 10 ** decade, axis), text, i % every !== 0); // minor: not on a phone
      }),
    );
  return html`<div class="ridge">
    <span class="name"></span>
    <div class="axis">${tick(originOf(axis), "0", false)}${join(sides)}</div>
    <span class="zeros">zeros</span>
  </div>`;
}

function tableOf(layers: readonly LayerReport[]): Html {
  const titles = ["layer", "least", "mean", "std", "greatest", "zeros", "not finite"];
  const rows = layers.map(({ name, observation: { output } }) => {
    const { min, mean, std, max, zeros, nonFinite, count } = output;
    return [
      name,
      figure(min),
      figure(mean),
      figure(std),
      figure(max),
      percent(zeros / count),
      percent(nonFinite / count),
    ];
  });
  return table(titles, rows);
}
