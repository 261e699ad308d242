// Figures as a reader wants them: three digits, and a dash where there is none.

import type { TriedCure } from "./triedCure.js";

/** 0.00123 → "0.00123", 1.234e-9 → "1.2e-9", 12345 → "12345"; at most 8 characters. */
export function figure(value: number | undefined): string {
  if (value === undefined) return "–";
  if (!Number.isFinite(value) || value === 0)
    return Number.isNaN(value) ? "NaN" : String(value).replace("Infinity", "∞");
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 99999.5) return value.toExponential(1);
  return size >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}

/** 0.125 → "12.5%" */
export function percent(share: number | undefined): string {
  if (share === undefined) return "–";
  if (share > 0 && share < 0.001) return "<0.1%";
  if (share < 1 && share > 0.999) return ">99.9%";
  return `${Number((share * 100).toFixed(1))}%`;
}

/** 2 → "2 errors" */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** How bad it is, in a line. */
export function verdictOf(findings: readonly { readonly severity: "error" | "warning" }[]): string {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const warnings = findings.length - errors;
  const parts = [errors > 0 && counted(errors, "error"), warnings > 0 && counted(warnings, "warning")];
  return parts.filter(Boolean).join(", ") || "No findings: nothing seen here keeps it from learning.";
}

/** What their figures are, and which way is better. */
export function curesTitle({ measure, scores }: Pick<TriedCure, "measure" | "scores">): string {
  const better = measure.endsWith("loss") ? "; less is better" : "";
  return `by the median ${measure} of ${counted(scores.length, "training")}${better}`;
}
