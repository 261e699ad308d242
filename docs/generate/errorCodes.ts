// The table of src/errorCodes.ts, as data.

import ts from "typescript";
import { textOf } from "./text.js";
import { fileOf, type Source } from "./source.js";

export interface CodeRow {
  readonly code: string;
  /** The names of the classes that it comes with. */
  readonly classes: readonly string[];
  /** What happened and how to mend it. */
  readonly text: string;
}

export function errorCodes(source: Source): CodeRow[] {
  const table = fileOf(source, "src/errorCodes.ts").statements.find(ts.isInterfaceDeclaration)!;
  return table.members.filter(ts.isPropertySignature).map((member) => ({
    code: (member.name as ts.StringLiteral).text,
    classes: member.type!.getText().split(/\s*\|\s*/),
    text: textOf(source.checker.getSymbolAtLocation(member.name)!.getDocumentationComment(source.checker)),
  }));
}
