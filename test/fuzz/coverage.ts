// Which branches of a reader's own sources were reached. V8 counts how often each block ran; which branches there are is read
// from the compiled file, which is the source without its types, and where they stand in the source from its map.

import { readFileSync } from "node:fs";
import { type Profiler, Session } from "node:inspector";
import { SourceMap } from "node:module";
import ts from "typescript";
import type { Source } from "./reader.js";

/** One way that a program can go, and where in the source it begins. */
export interface Branch {
  readonly file: string;
  readonly line: number;
  readonly what: string;
  readonly reached: boolean;
}

type Counts = readonly Profiler.CoverageRange[];

/** To be made before the sources are loaded: what ran before is not seen. */
export class Coverage {
  readonly #session = new Session();

  constructor() {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** @param compiled Where a source's compiled file lies. */
  branches(sources: readonly Source[], compiled: (source: string) => URL): Branch[] {
    let taken: readonly Profiler.ScriptCoverage[] = [];
    this.#session.post("Profiler.takePreciseCoverage", (error, { result }) => {
      if (error) throw error;
      taken = result;
    });
    return sources.flatMap((source) => {
      const { file, without } = typeof source === "string" ? { file: source, without: [] } : source;
      const script = taken.find(({ url }) => url === compiled(file).href);
      if (!script) throw new Error(`${file} has not been loaded`);
      return branchesOf(
        file,
        compiled(file),
        without,
        script.functions.flatMap(({ ranges }) => ranges),
      );
    });
  }
}

function branchesOf(file: string, url: URL, without: readonly string[], counts: Counts): Branch[] {
  const text = readFileSync(url, "utf8");
  const map = new SourceMap(JSON.parse(readFileSync(new URL(`${url.href}.map`), "utf8")) as never);
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: Branch[] = [];
  const left = new Set(without);
  const add = (what: string, at: number, reached: boolean) => {
    const { line, character } = tree.getLineAndCharacterOfPosition(at);
    const entry = map.findEntry(line, character) as { originalLine: number };
    found.push({ file, line: entry.originalLine + 1, what, reached });
  };
  const visit = (node: ts.Node): void => {
    const name = (node as { name?: ts.Node }).name?.getText();
    if (name !== undefined && ts.isFunctionDeclaration(node) && without.includes(name)) return void left.delete(name);
    for (const [what, at, other] of waysOf(node)) {
      add(
        what,
        at.getStart(),
        countAt(counts, at.getStart()) > (other === undefined ? 0 : countAt(counts, other.getStart())),
      );
    }
    node.forEachChild(visit);
  };
  visit(tree);
  if (left.size > 0) throw new Error(`${file} has no function ${[...left].join(", ")}`);
  return found;
}

/** The ways that begin in a node: where each begins and, where nothing is written for it, what runs in all other cases. */
function* waysOf(node: ts.Node): Generator<[what: string, at: ts.Node, other?: ts.Node]> {
  if (ts.isFunctionLike(node) && "body" in node && node.body) yield ["function", node.body as ts.Node];
  else if (ts.isIfStatement(node)) {
    yield ["if", node.thenStatement];
    yield node.elseStatement ? ["else", node.elseStatement] : ["if not", node, node.thenStatement];
  } else if (ts.isConditionalExpression(node)) {
    yield ["?", node.whenTrue];
    yield [":", node.whenFalse];
  } else if (ts.isBinaryExpression(node) && LOGICAL.has(node.operatorToken.kind)) {
    yield [node.operatorToken.getText(), node.right];
  } else if (ts.isIterationStatement(node, false)) yield ["loop", node.statement];
  else if (ts.isCaseOrDefaultClause(node) && node.statements.length > 0) yield ["case", node.statements[0]!];
  else if (ts.isCatchClause(node)) yield ["catch", node.block];
}

const LOGICAL: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
]);

/** How often the place ran: the smallest of the ranges that hold it says it. */
function countAt(counts: Counts, at: number): number {
  let [smallest, count] = [Infinity, 0];
  for (const { startOffset, endOffset, count: times } of counts) {
    if (at < startOffset || at >= endOffset || endOffset - startOffset > smallest) continue;
    [smallest, count] = [endOffset - startOffset, times];
  }
  return count;
}
