import { UsageError } from "./options.js";

/** What to tell about an error, and what to exit with: 2 for the command line, 1 for all else. */
export function failure(error: unknown, debug: boolean): { readonly text: string; readonly exitCode: number } {
  if (error instanceof UsageError) return { text: `lanewise: ${error.message}\n`, exitCode: 2 };
  if (!(error instanceof Error)) return { text: `lanewise: ${String(error)}\n`, exitCode: 1 };
  // The library's errors have a code, and Node's own.
  const code = "code" in error && typeof error.code === "string" ? ` [${error.code}]` : "";
  const trace = debug ? `${error.stack ?? "no stack trace"}\n` : "";
  return { text: `lanewise: ${error.message}${code}\n${trace}`, exitCode: 1 };
}
