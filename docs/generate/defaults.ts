// What the options of a function that has no table default to: what it returns says so, else its code.

import ts from "typescript";
import * as lanewise from "../../src/index.js";
import type { Parameter, PublicFunction } from "./api.js";

/** What is tried for a required argument, until the function takes it. */
const TRIED: readonly unknown[] = [1, 0.5, "relu"];

export function defaultsOf(member: PublicFunction): Readonly<Record<string, unknown>> {
  return { ...writtenDefaults(member), ...returnedDefaults(member) };
}

/** A layer's description holds its options, complete. */
function returnedDefaults({ name, file, parameters }: PublicFunction): Record<string, unknown> {
  const factory = (lanewise as unknown as Record<string, unknown>)[name];
  if (!file.startsWith("layers/") || typeof factory !== "function") return {};
  const required = parameters.filter(({ optional }) => !optional);
  for (const value of TRIED) {
    try {
      const made = factory(...required.map((parameter) => argument(parameter, value))) as { config?: object };
      return Object.fromEntries(Object.entries(made.config ?? {}).filter(([key]) => !isRequired(parameters, key)));
    } catch (error) {
      if (!(error instanceof lanewise.LanewiseError)) throw error;
    }
  }
  return {};
}

function argument({ options }: Parameter, value: unknown): unknown {
  const required = options.filter(({ optional }) => !optional);
  return options.length === 0 ? value : Object.fromEntries(required.map(({ name }) => [name, value]));
}

function isRequired(parameters: readonly Parameter[], key: string): boolean {
  return parameters.some(({ options }) => options.some(({ name, optional }) => name === key && !optional));
}

/** `{ patience = 0 }` or `options.patience ?? 0`, where it is a plain value. */
function writtenDefaults({ declaration, parameters }: PublicFunction): Record<string, unknown> {
  const names = new Set(parameters.flatMap(({ options }) => options.map(({ name }) => name)));
  const found: Record<string, unknown> = {};
  const note = (name: string, value: ts.Expression | undefined) => {
    const literal = value && literalOf(value);
    if (names.has(name) && literal !== undefined) found[name] ??= literal;
  };
  const visit = (node: ts.Node): void => {
    if (ts.isBindingElement(node)) note((node.propertyName ?? node.name).getText(), node.initializer);
    if (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken &&
      ts.isPropertyAccessExpression(node.left)
    ) {
      note(node.left.name.text, node.right);
    }
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return found;
}

function literalOf(node: ts.Expression): unknown {
  if (ts.isStringLiteral(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isPrefixUnaryExpression(node) && ts.isNumericLiteral(node.operand)) return Number(node.getText());
  if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword)
    return node.getText() === "true";
  return undefined;
}
