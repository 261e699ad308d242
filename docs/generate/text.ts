// Small things about text that the pages share.

import ts from "typescript";

/** A docstring's text, its lines joined; blank lines stay. */
export function textOf(parts: readonly ts.SymbolDisplayPart[] | undefined): string {
  return ts
    .displayPartsToString(parts as ts.SymbolDisplayPart[] | undefined)
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim().replace(/\s*\n\s*/g, " "))
    .join("\n\n");
}
