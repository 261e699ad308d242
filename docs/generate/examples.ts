// The examples of docstrings and of the docs' pages, as code.

import ts from "typescript";
import { libraryFiles, placeOf, type Source } from "./source.js";

export interface Example {
  /** What it is an example of. */
  readonly name: string;
  readonly place: string;
  /** The file that it stands in. */
  readonly file: string;
  readonly code: string;
}

/** Every `@example` in src. */
export function docstringExamples(source: Source): Example[] {
  return libraryFiles(source).flatMap((file) => examplesBelow(file, file.fileName));
}

function examplesBelow(node: ts.Node, file: string): Example[] {
  const own = ts.getJSDocTags(node).filter((tag) => tag.tagName.text === "example" && tag.parent.parent === node);
  const examples = own.map((tag) => {
    const code = ts.getTextOfJSDocComment(tag.comment)?.trim() ?? "";
    return { name: nameOf(node), place: placeOf(tag), file, code };
  });
  ts.forEachChild(node, (child) => void examples.push(...examplesBelow(child, file)));
  return examples;
}

function nameOf(node: ts.Node): string {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations[0]!.name.getText();
  const own = (node as ts.NamedDeclaration).name?.getText() ?? "";
  return ts.isClassLike(node.parent) ? `${node.parent.name?.text}.${own}` : own;
}

/** The blocks of TypeScript of a page, which are one program from top to bottom. */
export function pageProgram(markdown: string): string {
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code!).join("\n");
}
