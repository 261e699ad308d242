// Axes that charts have in common: where values stand, and which are told.

export interface Axis {
  /** From 0 (least) to 1 (greatest). */
  readonly place: (value: number) => number;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
}

/** From `low` to `high`, told at some round numbers. */
export function linear(low: number, high: number, label: (value: number) => string, most = 5): Axis {
  const span = high - low || 1;
  const step = roundStep(span / most);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  const ticks = Array.from({ length: Math.max(0, count) }, (_, i) => {
    const at = Number(((first + i) * step).toPrecision(12));
    return { at, label: label(at) };
  });
  return { place: (value) => (value - low) / span, ticks };
}

/** Over whole powers of ten around what is shown; between them too, where there are few. */
export function logarithmic(least: number, greatest: number): Axis {
  const low = Math.floor(Math.log10(least) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(greatest) - 1e-9));
  const stride = Math.ceil((high - low) / 5);
  const between = high - low === 1 ? [1, 2, 5] : [1];
  const decades = Array.from({ length: Math.floor((high - low) / stride) + 1 }, (_, i) => low + i * stride);
  const ticks = decades.flatMap((decade) => {
    const factors = decade === high ? [1] : between;
    return factors.map((factor) => ({ at: factor * 10 ** decade, label: powerOfTen(decade, factor) }));
  });
  return { place: (value) => (Math.log10(value) - low) / (high - low), ticks };
}

/** 1, 2 or 5 times a power of ten, no less than this. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least * 0.999)!;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function powerOfTen(decade: number, factor: number): string {
  if (decade >= -3 && decade <= 3) return String(Number((factor * 10 ** decade).toPrecision(1)));
  return `${factor === 1 ? "" : `${factor}·`}10${[...String(decade)].map((digit) => (digit === "-" ? "⁻" : SUPERSCRIPTS[Number(digit)])).join("")}`;
}
