/** A loss or a metric in about six characters: `0.0423`, `12.35`, `1235`, `4.2e-7`, `NaN`. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (size !== 0 && size < 1e-3) return value.toExponential(1);
  // The bounds lie where rounding would add a digit: 9.99996 is 10.00, not 10.0000.
  if (size < 9.99995) return value.toFixed(4);
  if (size < 99.995) return value.toFixed(2);
  if (size < 999.95) return value.toFixed(1);
  if (size < 999_999.5) return value.toFixed(0);
  return value.toExponential(1);
}

/** A count a second in at most four characters: `3.2`, `950`, `6.9k`, `52k`, `1.2M`. */
export function formatRate(perSecond: number): string {
  let scaled = perSecond;
  let unit = "";
  for (const next of ["k", "M", "G", "T"]) {
    if (scaled < 999.5) break;
    scaled /= 1000;
    unit = next;
  }
  return scaled.toFixed(scaled < 9.95 ? 1 : 0) + unit;
}

/** How long something took: `8 ms`, `1.4 s`, `12 s`, `1:05`, `1:02:05`. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${ms.toFixed(0)} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 59_500) return `${(ms / 1000).toFixed(0)} s`;
  return formatClock(ms);
}

/** Hours (if any), minutes and seconds: `0:09`, `1:05`, `1:02:05`. */
export function formatClock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (part: number): string => String(part).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
