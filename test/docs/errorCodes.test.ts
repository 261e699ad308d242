import ts from "typescript";
import { expect, test } from "vitest";
import { errorCodes } from "../../docs/generate/errorCodes.js";
import { fileOf, libraryFiles, placeOf, readSource } from "../../docs/generate/source.js";

const source = readSource();
const { checker } = source;
const listed = errorCodes(source);
const codeType = checker.getTypeAtLocation(
  fileOf(source, "src/errorCodes.ts").statements.find(ts.isTypeAliasDeclaration)!,
);

/** The codes that an expression may stand for, where a code is wanted; none where it may be any. */
function codesIn(node: ts.Expression): string[] {
  const wanted = checker.getContextualType(node);
  if (wanted === undefined || checker.getNonNullableType(wanted) !== codeType) return [];
  const type = checker.getTypeAtLocation(node);
  const types = type.isUnion() ? type.types : [type];
  return types.length === listed.length ? [] : types.flatMap((part) => (part.isStringLiteral() ? [part.value] : []));
}

/** Every code that src hands to an error or to a function that throws one, and each class that it is seen in. */
function thrownCodes(): Map<string, Set<string>> {
  const thrown = new Map<string, Set<string>>();
  const visit = (node: ts.Node): void => {
    if (ts.isExpression(node)) {
      for (const code of codesIn(node)) {
        const classes = thrown.get(code) ?? thrown.set(code, new Set()).get(code)!;
        if (ts.isNewExpression(node.parent)) classes.add(node.parent.expression.getText());
      }
    }
    ts.forEachChild(node, visit);
  };
  for (const file of libraryFiles(source)) visit(file);
  return thrown;
}

const thrown = thrownCodes();

test("every code that the table lists is thrown somewhere in src", () => {
  expect(listed.map(({ code }) => code).filter((code) => !thrown.has(code))).toEqual([]);
});

test("no code is thrown that the table lacks", () => {
  const known = new Set(listed.map(({ code }) => code));
  expect([...thrown.keys()].filter((code) => !known.has(code))).toEqual([]);
});

test("each code comes in the class that the table names", () => {
  const wrong = listed.flatMap(({ code, classes }) =>
    [...(thrown.get(code) ?? [])].filter((name) => !classes.includes(name)).map((name) => `${code}: ${name}`),
  );
  expect(wrong).toEqual([]);
});

test("no error escapes the table through a cast", () => {
  const errorClasses = new Set(listed.flatMap(({ classes }) => classes));
  const cast: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && errorClasses.has(node.expression.getText())) {
      const code = node.arguments?.[0];
      if (code && (ts.isAsExpression(code) || ts.isTypeAssertionExpression(code))) cast.push(placeOf(code));
    }
    ts.forEachChild(node, visit);
  };
  for (const file of libraryFiles(source)) visit(file);
  expect(cast).toEqual([]);
});

test("the table is in alphabetical order, and each code says what happened", () => {
  const codes = listed.map(({ code }) => code);
  expect(codes).toEqual([...codes].sort());
  expect(listed.filter(({ text }) => !/^[A-Z`].*[.?]$/s.test(text)).map(({ code }) => code)).toEqual([]);
});
