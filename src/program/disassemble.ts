import { formatValue, type Node, usesOf } from "./graph.js";
import { opRow } from "./ops.js";

const LINE_COLUMNS = 110;
/** Longer names of ops push their line to the right. */
const OP_COLUMNS = 18;

/**
 * A program as readable lines, one record each: index, op, what it writes ← what it reads, its options. Operands stand
 * in the order of the op's table; a long record goes on below.
 */
export function disassemble(nodes: readonly Node[]): string {
  const indexColumns = String(nodes.length - 1).length;
  const margin = " ".repeat(indexColumns + 2 + OP_COLUMNS + 2);
  return nodes
    .map((node, i) =>
      wrap(`${String(i).padStart(indexColumns)}  ${node.op.padEnd(OP_COLUMNS)}  `, describe(node), margin),
    )
    .join("\n");
}

/** Outputs, inputs and options: what a line must not tear apart. */
function describe(node: Node): string[] {
  const uses = usesOf(node).filter(({ operand }) => operand !== "scratch");
  const list = (wanted: boolean) =>
    uses.filter(({ access }) => (access !== "read") === wanted).map(({ value }) => formatValue(value));
  const [outputs, inputs] = [list(true), list(false)];
  const arrow = outputs.length > 0 && inputs.length > 0 ? ["← "] : [];
  return [...separated(outputs), ...arrow, ...separated(inputs), ...optionsOf(node).map((option) => ` ${option} `)];
}

function separated(items: readonly string[]): string[] {
  return items.map((item, i) => (i < items.length - 1 ? `${item}, ` : `${item} `));
}

function wrap(start: string, parts: readonly string[], margin: string): string {
  const lines = [start];
  for (const part of parts) {
    const line = lines.at(-1)! + part;
    if (line.trimEnd().length <= LINE_COLUMNS) lines[lines.length - 1] = line;
    else lines.push(margin + part.trimStart());
  }
  return lines.map((line) => line.trimEnd()).join("\n");
}

/** Options that do something: `elu`, `accumulate`, `scale 0.00392157`. */
function optionsOf(node: Node): string[] {
  const { numbers, integers } = opRow(node.op);
  const options = node.note ? [node.note] : [];
  for (const name of Object.keys(integers)) {
    const value = node.integers[name] ?? 0;
    if (["activation", "function", "savesInput", "loss", "seedLow", "rateBits"].includes(name)) continue; // the note says it, or nobody asks
    if (value === 0 && (name === "ownSlot" || name === "sink")) continue;
    if (name === "accumulate" || name === "nesterov") options.push(...(value ? [name] : []));
    else options.push(`${name} ${value}`);
  }
  for (const name of numbers) {
    const value = node.numbers[name] ?? 0;
    if (name === "seedHigh") continue; // with seedLow: a seed, in two parts
    if (value !== (name === "scale" || name === "weight" ? 1 : 0))
      options.push(`${name} ${Number(value.toPrecision(6))}`);
  }
  return options;
}
