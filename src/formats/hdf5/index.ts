// HDF5 as h5py writes it by default, and so Keras: groups as tables (or messages), attributes with texts, floats in one piece or
// in chunks that deflate has packed. The format: https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html

import { textsOf } from "./attributes.js";
import { floatsOf, type Hdf5Array, holdsFloats } from "./dataset.js";
import { broken, Hdf5File, unsupported } from "./file.js";
import { linksOf } from "./links.js";
import { type Message, messagesAt } from "./messages.js";

export type { Hdf5Array } from "./dataset.js";

const SIGNATURE = "\x89HDF\r\n\x1a\n";

/** Whether these bytes start as an HDF5 file does. */
export function isHdf5(bytes: Uint8Array): boolean {
  return [...SIGNATURE].every((letter, i) => bytes[i] === letter.charCodeAt(0));
}

/** A group or a dataset. Nothing is read before it is asked for; what goes in circles ends at a limit. */
export class Hdf5Object {
  readonly #file: Hdf5File;
  readonly #messages: readonly Message[];
  #links: ReadonlyMap<string, number> | undefined;

  constructor(file: Hdf5File, address: number) {
    file.count();
    this.#file = file;
    this.#messages = messagesAt(file, address);
  }

  /** Names of a group's members, sorted; none where this is no group. */
  get names(): string[] {
    return [...this.#members().keys()];
  }

  /** A member, or what lies deeper: "dense/vars/0". Undefined where there is none of that name. */
  member(path: string): Hdf5Object | undefined {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the way begins here
    let object: Hdf5Object = this;
    for (const name of path.split("/")) {
      const address = object.#members().get(name);
      if (address === undefined) return undefined;
      object = new Hdf5Object(this.#file, address);
    }
    return object;
  }

  /** The texts of an attribute, one or a list; undefined where there is none of that name. */
  texts(attribute: string): string[] | undefined {
    return textsOf(this.#file, this.#messages, attribute);
  }

  /** Whether this is a dataset of F16, BF16, F32 or F64. */
  get holdsFloats(): boolean {
    return holdsFloats(this.#messages);
  }

  floats(): Promise<Hdf5Array> {
    return floatsOf(this.#file, this.#messages);
  }

  #members(): ReadonlyMap<string, number> {
    return (this.#links ??= linksOf(this.#file, this.#messages) ?? new Map<string, number>());
  }
}

/**
 * Opens a file at its root group.
 *
 * @param mostBytes All texts and numbers that are read of it may take.
 * @throws ModelFormatError `hdf5/…`; UnsupportedError `hdf5/unsupported`: heaps of links and attributes, chunks by other
 * indexes and filters, all of which newer settings of the HDF5 library write and the default does not
 */
export function openHdf5(bytes: Uint8Array, mostBytes: number): Hdf5Object {
  if (!isHdf5(bytes)) throw broken("hdf5/not-hdf5", "it does not begin as one");
  const file = new Hdf5File(bytes, mostBytes);
  return new Hdf5Object(file, rootOf(file));
}

/**
 * The address of the root's header.
 *
 * version 0, 1: signature 8 · versions 5 · widths 2 · 1 unused · ranks 2 × u16 · flags u32 · (4 in version 1) · base, free, end,
 * driver: u64 each · the root's entry: name u64, header u64
 * version 2, 3: signature 8 · version · widths 2 · flags · base, extension, end, root: u64 each
 */
function rootOf(file: Hdf5File): number {
  const block = file.from(SIGNATURE.length, "the first block");
  const version = block.u8();
  if (version > 3) throw unsupported(`it is of version ${version}`);
  const old = version < 2;
  if (old) block.skip(4);
  const [addressWidth, sizeWidth] = [block.u8(), block.u8()];
  if (addressWidth !== 8 || sizeWidth !== 8) throw unsupported("its addresses and sizes are not of 64 bits");
  block.skip(old ? 9 + 4 * version : 1);
  const base = block.u64();
  block.skip(8);
  const end = block.u64();
  if (base !== 0) throw unsupported("it begins with a block of somebody else's");
  if (end > file.bytes.length) {
    throw broken("hdf5/cut-off", `it should have ${end} bytes, and has ${file.bytes.length}`);
  }
  if (old) block.skip(16);
  return block.u64();
}
