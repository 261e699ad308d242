import { formatShape } from "../shape.js";
import { type Node, usesOf, type Value } from "./graph.js";
import { opRow } from "./ops.js";

/** A program as readable lines, one record each: index, op, what it writes ← what it reads, its options. */
export function disassemble(nodes: readonly Node[]): string {
  const indexWidth = String(nodes.length).length;
  const opWidth = Math.max(0, ...nodes.map((node) => node.op.length));
  return nodes
    .map((node, i) => `${String(i).padStart(indexWidth)}  ${node.op.padEnd(opWidth)}  ${describeNode(node)}`)
    .join("\n");
}

function describeNode(node: Node): string {
  const uses = usesOf(node).filter(({ operand }) => operand !== "scratch");
  const list = (wanted: boolean) =>
    uses.filter(({ access }) => (access !== "read") === wanted).map(({ operand, value }) => format(operand, value));
  const outputs = list(true).join(", ");
  const inputs = list(false).join(", ");
  const arrow = outputs && inputs ? " ← " : "";
  return [outputs + arrow + inputs, ...optionsOf(node)].filter(Boolean).join("  ");
}

function format(operand: string, value: Value): string {
  return `${operand}: ${value.name} ${formatShape(value.shape, value.perRow)}`;
}

/** Options that do something: `elu`, `accumulate`, `scale 0.00392157`. */
function optionsOf(node: Node): string[] {
  const { numbers, integers } = opRow(node.op);
  const options = node.note ? [node.note] : [];
  for (const name of Object.keys(integers)) {
    const value = node.integers[name] ?? 0;
    if (name === "activation" || name === "savesInput" || name === "loss") continue; // the note says it
    if (name === "accumulate" || name === "nesterov") options.push(...(value ? [name] : []));
    else options.push(`${name} ${value}`);
  }
  for (const name of numbers) {
    const value = node.numbers[name] ?? 0;
    if (value !== (name === "scale" ? 1 : 0)) options.push(`${name} ${Number(value.toPrecision(6))}`);
  }
  return options;
}
