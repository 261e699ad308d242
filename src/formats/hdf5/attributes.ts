import { broken, type Cursor, type Hdf5File, shown, textOf, unsupported } from "./file.js";
import { ATTRIBUTE, ATTRIBUTE_INFO, type Message } from "./messages.js";
import { type Datatype, dataspaceOf, datatypeOf, elementsOf } from "./types.js";

/** The texts of an attribute, one or a list; undefined where there is none of that name. */
export function textsOf(file: Hdf5File, messages: readonly Message[], name: string): string[] | undefined {
  for (const { type, body } of messages) {
    if (type === ATTRIBUTE_INFO) refuseDense(body());
    if (type !== ATTRIBUTE) continue;
    const attribute = attributeOf(body());
    if (attribute.name === name) return values(file, attribute);
  }
  return undefined;
}

interface Attribute {
  readonly name: string;
  readonly type: Datatype;
  readonly count: number;
  readonly data: Cursor;
}

/** version · flags · sizes of name, datatype, dataspace 3 · u16 · charset? · these three · data; of version 1 in steps of 8. */
function attributeOf(body: Cursor): Attribute {
  const [version, flags] = [body.u8(), body.u8()];
  if (version < 1 || version > 3) throw unsupported("an attribute is of a version that is not known");
  if (version > 1 && flags & 3) throw unsupported("attributes share their types");
  const sizes = [body.u16(), body.u16(), body.u16()];
  if (version === 3) body.skip(1);
  const [name, type, space] = sizes.map((size) => {
    const part = body.inner(size);
    if (version === 1) body.skip(-size & 7);
    return part;
  });
  return {
    name: textOf(upToZero(name!.take(name!.left))),
    type: datatypeOf(type!),
    count: elementsOf(dataspaceOf(space!)),
    data: body,
  };
}

function values(file: Hdf5File, { name, type, count, data }: Attribute): string[] {
  if (count === 0) return [];
  if (type.kind !== "text" && type.kind !== "texts-elsewhere") {
    throw broken("hdf5/wrong-type", `the attribute ${shown(name)} is no text`);
  }
  if (count * type.size > data.left) throw broken("hdf5/cut-off", `the attribute ${shown(name)} lacks bytes`);
  file.count(count);
  return Array.from({ length: count }, () => {
    const bytes = type.kind === "text" ? padded(data.take(type.size), type.padding) : elsewhere(file, data);
    file.charge(bytes.length);
    return textOf(bytes);
  });
}

const UP_TO_ZERO = 0;
const SPACE_PADDED = 2;

function padded(bytes: Uint8Array, padding: number): Uint8Array {
  if (padding === UP_TO_ZERO) return upToZero(bytes);
  const filler = padding === SPACE_PADDED ? 0x20 : 0;
  return bytes.subarray(0, bytes.findLastIndex((byte) => byte !== filler) + 1);
}

function upToZero(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

/** length u32 · address of a heap u64 · number in it u32; nowhere for the empty text. */
function elsewhere(file: Hdf5File, data: Cursor): Uint8Array {
  const [length, address, index] = [data.u32(), data.u64(), data.u32()];
  if (length === 0) return new Uint8Array();
  const text = heapAt(file, address).get(index);
  if (text && length <= text.length) return upToZero(text.subarray(0, length));
  throw broken("hdf5/damaged", `a heap of texts has no number ${index} of ${length} bytes`);
}

/** "GCOL" · version · 3 unused · size u64 · (number u16 · references u16 · 4 unused · size u64 · bytes, in steps of 8) each. */
function heapAt(file: Hdf5File, address: number): ReadonlyMap<number, Uint8Array> {
  const known = file.heaps.get(address);
  if (known) return known;
  const head = file.from(address, "a heap of texts");
  head.expect("GCOL");
  head.skip(4);
  const heap = file.at(address, head.u64(), "a heap of texts");
  heap.skip(16);
  const texts = new Map<number, Uint8Array>();
  while (heap.left >= 16) {
    file.count();
    const index = heap.u16();
    heap.skip(6);
    const length = heap.u64();
    if (index === FREE) break;
    texts.set(index, heap.take(length));
    heap.skip(Math.min(-length & 7, heap.left));
  }
  file.heaps.set(address, texts);
  return texts;
}

/** The number of what is not used, the last of a heap. */
const FREE = 0;

/** version · flags · largest index? · the heap of attributes that are not in messages, if any. */
function refuseDense(info: Cursor): void {
  info.skip(1);
  if (info.u8() & 1) info.skip(2);
  if (info.address() !== undefined) throw unsupported("an object keeps its attributes in a heap of HDF5 1.8");
}
