// Passes over the finished list of nodes. Each leaves the results' bits as they were.

import { ACTIVATION_LINEAR } from "../../assembly/shared/activations.js";
import { type Node, rootOf, usesOf, type Value } from "./graph.js";
import { OPS } from "./ops.js";

export function optimize(nodes: readonly Node[]): Node[] {
  return fuseActivations(fuseRescaling(dropDead(nodes)));
}

/** Drops nodes whose results nobody reads, from the end to the start. */
export function dropDead(nodes: readonly Node[]): Node[] {
  const read = new Set<number>();
  const kept: Node[] = [];
  for (const node of [...nodes].reverse()) {
    const uses = usesOf(node);
    const needed = uses.some(
      ({ value, access }) => access !== "read" && (value.storage.kind === "fixed" || read.has(rootOf(value).id)),
    );
    if (!OPS[node.op].effect && !needed) continue;
    kept.push(node);
    for (const { value, access } of uses) if (access !== "write") read.add(rootOf(value).id);
  }
  return kept.reverse();
}

/** gather, then affine: the gather does both in one pass. */
export function fuseRescaling(nodes: readonly Node[]): Node[] {
  return fusePairs(nodes, (gather, affine) => {
    if (gather.op !== "gather" || affine.op !== "affine") return undefined;
    const [x, y] = [operand(affine, "x"), operand(affine, "y")];
    if (rootOf(operand(gather, "out")) !== rootOf(x) || readers(nodes, x) !== 1) return undefined;
    // By 1 and 0 a gather copies bits, where the affine would turn −0 into 0: that one stays.
    if (!isCopy(gather) || isCopy(affine)) return undefined;
    return { ...gather, operands: { out: y }, numbers: affine.numbers } as Node;
  });
}

function isCopy({ numbers: { scale, offset } }: Node): boolean {
  return scale === 1 && offset === 0;
}

/** product, then activation whose derivative follows from its output: the product's last pass applies it. */
export function fuseActivations(nodes: readonly Node[]): Node[] {
  return fusePairs(nodes, (product, activation) => {
    if (product.op !== "gemmNN" || activation.op !== "activation") return undefined;
    const [x, y] = [operand(activation, "x"), operand(activation, "y")];
    if (operand(product, "c") !== x || readers(nodes, x) !== 1 || activation.integers.savesInput) return undefined;
    if (product.integers.activation !== ACTIVATION_LINEAR) return undefined; // it applies one
    return {
      ...product,
      operands: { ...product.operands, c: y },
      numbers: activation.numbers,
      integers: { ...product.integers, activation: activation.integers.activation },
      note: activation.note,
    } as Node;
  });
}

/** Replaces neighbours by what `fuse` makes of them. */
function fusePairs(nodes: readonly Node[], fuse: (first: Node, second: Node) => Node | undefined): Node[] {
  const result: Node[] = [];
  for (const node of nodes) {
    const last = result.at(-1);
    const fused = last && fuse(last, node);
    if (fused) result[result.length - 1] = fused;
    else result.push(node);
  }
  return result;
}

function readers(nodes: readonly Node[], value: Value): number {
  const root = rootOf(value);
  return nodes.filter((node) => usesOf(node).some((use) => use.access !== "write" && rootOf(use.value) === root))
    .length;
}

function operand(node: Node, name: string): Value {
  return (node.operands as Record<string, Value>)[name]!;
}
