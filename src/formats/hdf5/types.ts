import type { FloatType } from "../floats.js";
import { broken, type Cursor, unsupported } from "./file.js";

/** What the elements of a dataset or an attribute are. */
export type Datatype = { readonly size: number } & (
  | { readonly kind: "float"; readonly float: FloatType; readonly bigEndian: boolean }
  | { readonly kind: "text"; readonly padding: number }
  /** Each element says where its text is. */
  | { readonly kind: "texts-elsewhere" }
  | { readonly kind: "other"; readonly name: string }
);

const CLASSES = [
  "integer",
  "float",
  "time",
  "text",
  "bits",
  "opaque",
  "compound",
  "reference",
  "enum",
  "list",
  "array",
];
const LIST_OF_CHARACTERS = 1;

/** Sign at, exponent at and bits, fraction at and bits, bias: of the types that are read. */
const LAYOUTS: readonly (readonly [FloatType, readonly number[]])[] = [
  ["F16", [15, 10, 5, 0, 10, 15]],
  ["BF16", [15, 7, 8, 0, 7, 127]],
  ["F32", [31, 23, 8, 0, 23, 127]],
  ["F64", [63, 52, 11, 0, 52, 1023]],
];

/** class and version u8 · bits of the class u24 · size u32 · properties. */
export function datatypeOf(body: Cursor): Datatype {
  const name = CLASSES[body.u8() & 15] ?? "unknown";
  const [bits, size] = [body.u24(), body.u32()];
  if (size === 0) throw broken("hdf5/damaged", "elements have no bytes");
  if (name === "float") return floatOf(bits, size, body) ?? { kind: "other", name, size };
  if (name === "text") return { kind: "text", padding: bits & 15, size };
  if (name === "list" && (bits & 15) === LIST_OF_CHARACTERS && size === 16) return { kind: "texts-elsewhere", size };
  // As h5py writes bfloat16, which HDF5 has no name for.
  if (name === "opaque" && size === 2) return { kind: "float", float: "BF16", bigEndian: false, size };
  return { kind: "other", name, size };
}

/** first bit u16 · bits u16 · exponent at, bits · fraction at, bits · bias u32. */
function floatOf(bits: number, size: number, body: Cursor): Datatype | undefined {
  const [first, precision] = [body.u16(), body.u16()];
  const layout = [(bits >> 8) & 255, body.u8(), body.u8(), body.u8(), body.u8(), body.u32()];
  const [float] = LAYOUTS.find(([, theirs]) => theirs.every((value, i) => value === layout[i])) ?? [];
  const order = (bits & 1) | ((bits >> 5) & 2);
  const isPlain = first === 0 && precision === size * 8 && order < 2 && ((bits >> 4) & 3) === IMPLIED_ONE;
  return float && isPlain && layout[0] === precision - 1
    ? { kind: "float", float, bigEndian: order === 1, size }
    : undefined;
}

/** The fraction's first bit is 1 and is not stored. */
const IMPLIED_ONE = 2;
const MOST_AXES = 32;

/** Sizes; none for a single element, [0] for nothing at all. */
export function dataspaceOf(body: Cursor): number[] {
  const [version, rank] = [body.u8(), body.u8()];
  body.skip(1); // whether largest sizes follow, which nobody asks for
  const kind = body.u8();
  if (version !== 1 && version !== 2) throw unsupported("a dataspace is of a version that is not known");
  if (version === 1) body.skip(4);
  if (version === 2 && kind === NOTHING) return [0];
  if (rank > MOST_AXES) throw broken("hdf5/damaged", `a dataset has ${rank} axes`);
  return Array.from({ length: rank }, () => body.u64());
}

const NOTHING = 2;

/** How many elements: at most 2⁵³, and finite. */
export function elementsOf(shape: readonly number[]): number {
  if (shape.includes(0)) return 0;
  const count = shape.reduce((product, size) => product * size, 1);
  if (Number.isSafeInteger(count)) return count;
  throw broken("hdf5/too-much", `a dataset has sizes ${shape.slice(0, 8).join(" × ")}`);
}
