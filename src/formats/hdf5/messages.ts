import { broken, type Cursor, type Hdf5File, unsupported } from "./file.js";

/** What a header says of its object, a piece at a time. */
export interface Message {
  readonly type: number;
  /** Its own bytes; each call begins anew. */
  body(): Cursor;
}

/** Types of messages that are read. */
export const DATASPACE = 0x01;
export const LINK_INFO = 0x02;
export const DATATYPE = 0x03;
export const LINK = 0x06;
export const EXTERNAL_FILES = 0x07;
export const LAYOUT = 0x08;
export const FILTERS = 0x0b;
export const ATTRIBUTE = 0x0c;
const CONTINUATION = 0x10;
export const SYMBOL_TABLE = 0x11;
export const ATTRIBUTE_INFO = 0x15;

const SHARED = 2;
const CHECKSUM_BYTES = 4;

/** The messages of the object whose header is at an address, from the header's block and those that it goes on in. */
export function messagesAt(file: Hdf5File, address: number): Message[] {
  const header = file.from(address, "an object's header");
  return header.inner(1).u8() === 1 ? oldMessages(file, header) : newMessages(file, header);
}

/** version 1 · 1 unused · count u16 · references u32 · size u32 · 4 unused · messages. */
function oldMessages(file: Hdf5File, header: Cursor): Message[] {
  header.skip(1);
  const count = header.u16();
  header.skip(4);
  const size = header.u32();
  header.skip(4);
  const messages: Message[] = [];
  const blocks = [header.inner(size)];
  let seen = 0;
  for (let block = blocks.pop(); block; block = blocks.pop()) {
    while (block.left > 0 && seen < count) {
      file.count();
      seen++;
      const [type, length, flags] = [block.u16(), block.u16(), block.u8()];
      block.skip(3);
      const body = block.inner(length);
      if (type === CONTINUATION) blocks.push(file.at(body.u64(), body.u64(), "a header's next block"));
      else messages.push(messageOf(file, type, flags, body));
    }
  }
  return messages;
}

/** "OHDR" · version 2 · flags · times? · attribute limits? · size · messages · checksum; further blocks are "OCHK" · … . */
function newMessages(file: Hdf5File, header: Cursor): Message[] {
  header.at -= 1;
  header.expect("OHDR");
  if (header.u8() !== 2) throw unsupported("a header is of a version that is not known");
  const flags = header.u8();
  if (flags & 0x20) header.skip(16);
  if (flags & 0x10) header.skip(4);
  const ordered = (flags & 4) !== 0;
  const messages: Message[] = [];
  const blocks = [header.inner(header.uint(1 << (flags & 3)))];
  for (let block = blocks.pop(); block; block = blocks.pop()) {
    // What is left and too short for a message is a gap.
    while (block.left >= (ordered ? 6 : 4)) {
      file.count();
      const [type, length, messageFlags] = [block.u8(), block.u16(), block.u8()];
      if (ordered) block.skip(2);
      const body = block.inner(length);
      if (type === CONTINUATION) blocks.push(continuation(file, body));
      else messages.push(messageOf(file, type, messageFlags, body));
    }
  }
  return messages;
}

function continuation(file: Hdf5File, body: Cursor): Cursor {
  const block = file.at(body.u64(), body.u64(), "a header's next block");
  block.expect("OCHK");
  if (block.left < CHECKSUM_BYTES) throw broken("hdf5/damaged", "a header's next block has no room for its checksum");
  return block.inner(block.left - CHECKSUM_BYTES);
}

function messageOf(file: Hdf5File, type: number, flags: number, { at, left }: Cursor): Message {
  return {
    type,
    body() {
      if (flags & SHARED) throw unsupported("objects share parts of their headers");
      return file.at(at, left, "a header's message");
    },
  };
}
