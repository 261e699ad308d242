// What is public, with what its docstrings say.

import ts from "typescript";
import { fileOf, ROOT, type Source } from "./source.js";
import { textOf } from "./text.js";

export interface PublicFunction {
  readonly name: string;
  /** The folder or file below src that it stands in: "layers/dense.ts". */
  readonly file: string;
  readonly text: string;
  readonly parameters: readonly Parameter[];
  readonly throws: readonly string[];
  readonly examples: readonly string[];
  readonly declaration: ts.SignatureDeclaration;
}

export interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
  readonly text: string;
  /** Where it is an object of options: what they are. */
  readonly options: readonly Option[];
}

export interface Option {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
  readonly text: string;
  /** The interface that it is declared in, where it has a name. */
  readonly owner: string | undefined;
}

/** The functions that a module exports, by name; what it exports as a group is left to the group's own module. */
export function functionsOf(source: Source, path: string): Map<string, PublicFunction> {
  const { checker } = source;
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(fileOf(source, path))!);
  const functions = exported.flatMap((symbol) => functionOf(source, symbol) ?? []);
  return new Map(functions.map((found) => [found.name, found]));
}

/** What is said of a module's export. */
export function docstringOf(source: Source, path: string, name: string): string {
  const { checker } = source;
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(fileOf(source, path))!);
  return textOf(exported.find((symbol) => symbol.name === name)?.getDocumentationComment(checker));
}

/** The public methods of the classes that a module exports; errors have none of their own. */
export function methodsOf(source: Source, path: string): PublicFunction[] {
  const { checker } = source;
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(fileOf(source, path))!);
  return exported.flatMap((symbol) => {
    const type = unaliased(checker, symbol);
    if (!(type.flags & ts.SymbolFlags.Class)) return [];
    const methods = [...(type.members?.values() ?? [])].filter((member) => isPublicMethod(member, checker));
    const instance = symbol.name.charAt(0).toLowerCase() + symbol.name.slice(1);
    return methods.flatMap((method) => {
      const found = functionOf(source, method);
      return found ? { ...found, name: `${instance}.${found.name}` } : [];
    });
  });
}

/** What is neither private, nor marked as internal, nor what every object has. */
function isPublicMethod(member: ts.Symbol, checker: ts.TypeChecker): boolean {
  const { flags, valueDeclaration, name } = member;
  if (!(flags & ts.SymbolFlags.Method) || valueDeclaration === undefined || name === "toString") return false;
  if (ts.isPrivateIdentifier((valueDeclaration as ts.MethodDeclaration).name)) return false;
  if (ts.getCombinedModifierFlags(valueDeclaration) & ts.ModifierFlags.Private) return false;
  return !member.getJsDocTags(checker).some((tag) => tag.name === "internal");
}

function unaliased(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function functionOf({ checker }: Source, exported: ts.Symbol): PublicFunction | undefined {
  const symbol = unaliased(checker, exported);
  const place = symbol.valueDeclaration;
  if (place === undefined || symbol.flags & ts.SymbolFlags.Class) return undefined;
  const [signature] = checker.getTypeOfSymbolAtLocation(symbol, place).getCallSignatures();
  if (signature === undefined) return undefined;
  const tags = symbol.getJsDocTags(checker);
  const tagged = (name: string) => tags.filter((tag) => tag.name === name);
  return {
    name: exported.name,
    file: place.getSourceFile().fileName.slice(`${ROOT}/src/`.length),
    text: textOf(symbol.getDocumentationComment(checker)),
    parameters: signature.getParameters().map((parameter) => parameterOf(checker, parameter, tagged("param"))),
    throws: tagged("throws").map(({ text }) => textOf(text)),
    examples: tagged("example").map(({ text }) => ts.displayPartsToString(text).trim()),
    declaration: signature.getDeclaration(),
  };
}

function parameterOf(checker: ts.TypeChecker, symbol: ts.Symbol, tags: readonly ts.JSDocTagInfo[]): Parameter {
  const declaration = symbol.valueDeclaration as ts.ParameterDeclaration;
  const type = checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(symbol, declaration));
  // A destructured parameter has a name that TypeScript makes up.
  const name = ts.isIdentifier(declaration.name) ? symbol.name : "options";
  const text = tags
    .map((tag) => ts.displayPartsToString(tag.text))
    .filter((tag) => tag.startsWith(`${name} `) || tag.startsWith(`${name}.`))
    .map((tag) =>
      tag
        .slice(name.length)
        .replace(/^\.(\w+)/, " `$1`")
        .trim()
        .replace(/\s*\n\s*/g, " "),
    )
    .join("; ");
  return {
    name,
    type: declaration.type?.getText() ?? checker.typeToString(type),
    optional: declaration.questionToken !== undefined || declaration.initializer !== undefined,
    text,
    options:
      name === "options" || isOptions(type)
        ? type.getProperties().map((option) => optionOf(checker, option, declaration))
        : [],
  };
}

function isOptions(type: ts.Type): boolean {
  return (type.aliasSymbol ?? type.symbol)?.name.endsWith("Options") === true;
}

function optionOf(checker: ts.TypeChecker, symbol: ts.Symbol, place: ts.Node): Option {
  const declaration = symbol.valueDeclaration as ts.PropertySignature | undefined;
  const type = checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(symbol, place));
  const owner = declaration?.parent;
  return {
    name: symbol.name,
    type: (declaration?.type?.getText() ?? checker.typeToString(type))
      .replace(/ \| undefined$/, "")
      .replace(/\s+/g, " "),
    optional: (symbol.flags & ts.SymbolFlags.Optional) !== 0,
    text: textOf(symbol.getDocumentationComment(checker)),
    owner: owner && ts.isInterfaceDeclaration(owner) ? owner.name.text : undefined,
  };
}
