// Medians and ranges over seeds, and how they are written.

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** By linear interpolation between the two nearest. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (percent / 100) * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** To three digits; far from 1 as a power of ten. */
export function plain(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e-3 && size < 1e5) {
    return Number(value.toPrecision(3)).toLocaleString("en-US", { maximumSignificantDigits: 3 }).replace("-", "−");
  }
  const [digits, exponent] = value.toExponential(1).split("e") as [string, string];
  return `${digits} · 10${superscript(Number(exponent))}`.replace("-", "−");
}

export function whole(count: number): string {
  return count.toLocaleString("en-US");
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`.replace("-", "−");
}

/** Differences of shares, in percentage points. */
export function points(difference: number): string {
  return `${difference > 0 ? "+" : ""}${(100 * difference).toFixed(2)} points`.replace("-", "−");
}

export function times(ratio: number): string {
  return `${plain(ratio)} ×`;
}

export function superscript(whole: number): string {
  return [...String(whole)].map((sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)] ?? "⁻").join("");
}

/** "median (least … greatest)"; one text, where they are the same. */
export function spread(values: readonly number[], format: (value: number) => string): string {
  const [low, high] = [format(Math.min(...values)), format(Math.max(...values))];
  return low === high ? low : `${format(median(values))} (${low} … ${high})`;
}
