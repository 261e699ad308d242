import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { ALIGNMENT_BYTES, SLACK_BYTES } from "../../assembly/shared/layout.js";
import { OutOfMemoryError } from "../../src/errors.js";
import { Heap } from "../../src/runtime/heap.js";

const PAGE = 65536;
const heapOf = (base = 2000, pages = 1, maximum = 64) => {
  const memory = new WebAssembly.Memory({ initial: pages, maximum });
  return { memory, heap: new Heap(memory, base) };
};

test("blocks are aligned, apart, above the base, and inside the memory with their slack", () => {
  const action = fc.oneof(
    fc.record({ allocate: fc.integer({ min: 0, max: 3 * PAGE }) }),
    fc.record({ free: fc.nat(30) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), fc.integer({ min: 0, max: 5000 }), (actions, base) => {
      const { memory, heap } = heapOf(base, 1, 4096);
      const blocks: { address: number; bytes: number }[] = [];
      for (const act of actions) {
        if ("free" in act) {
          const [block] = blocks.splice(act.free, 1);
          if (block) heap.free(block.address);
          continue;
        }
        const bytes = act.allocate;
        const address = heap.allocate(bytes, "a block");
        const end = address + bytes + SLACK_BYTES;
        expect(address % ALIGNMENT_BYTES).toBe(0);
        expect(address).toBeGreaterThanOrEqual(Math.max(base, 1024));
        expect(end).toBeLessThanOrEqual(memory.buffer.byteLength);
        for (const other of blocks) {
          expect(end <= other.address || other.address + other.bytes + SLACK_BYTES <= address).toBe(true);
        }
        blocks.push({ address, bytes });
      }
    }),
    { numRuns: 300 },
  );
});

describe("what is freed is used again", () => {
  test("in whatever order: in the end the whole heap is one again", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }), (order) => {
        const { memory, heap } = heapOf();
        const first = heap.allocate(1, "the first");
        heap.free(first);
        const blocks = order.map((_, i) => heap.allocate(100 * i, "a block"));
        for (const i of order) heap.free(blocks[i]!);
        expect(heap.allocate(PAGE / 2, "a large one")).toBe(first);
        expect(memory.buffer.byteLength).toBe(PAGE);
      }),
    );
  });

  test("a gap that fits is taken before the memory grows, and the rest of it stays a gap", () => {
    const { heap } = heapOf();
    const [a, b, c] = [heap.allocate(1000, "a"), heap.allocate(1000, "b"), heap.allocate(1000, "c")];
    heap.free(b);
    const small = heap.allocate(100, "small");
    expect(small).toBe(b);
    const next = heap.allocate(100, "next");
    expect(next).toBeGreaterThan(small);
    expect(next).toBeLessThan(c);
    expect(heap.allocate(1000, "too large for what is left")).toBeGreaterThan(c);
    expect(a).toBeLessThan(b);
  });

  test("freeing twice, or what was never allocated, does nothing", () => {
    const { heap } = heapOf();
    const address = heap.allocate(10, "a");
    for (const each of [address, address, 0, 12345]) heap.free(each);
    expect(heap.allocate(10, "b")).toBe(address);
    expect(heap.allocate(10, "c")).not.toBe(address);
  });

  test("allocating and freeing for ever takes no more memory", () => {
    const { memory, heap } = heapOf();
    for (let i = 0; i < 10_000; i++) {
      const blocks = [heap.allocate((i * 37) % 9000, "x"), heap.allocate((i * 71) % 9000, "y")];
      for (const address of blocks) heap.free(address);
    }
    expect(memory.buffer.byteLength).toBe(PAGE);
  });
});

describe("what does not fit", () => {
  test("is refused with what it was for; nothing has changed", () => {
    const { memory, heap } = heapOf(2000, 1, 2);
    const kept = heap.allocate(1000, "kept");
    const refused = () => heap.allocate(2 * PAGE, "rows of data");
    expect(refused).toThrow(OutOfMemoryError);
    expect(refused).toThrow(/0\.1 MiB for rows of data do not fit.*holds 0\.1 MiB.*smaller layers/);
    expect(memory.buffer.byteLength).toBe(PAGE);
    const next = heap.allocate(PAGE, "what fits");
    expect(next).toBe(kept + 1088); // right behind: 1000 bytes and the slack, aligned
  });

  test("beyond any address", () => {
    const { heap } = heapOf();
    for (const bytes of [2 ** 32, 2 ** 40, 2 ** 53]) {
      expect(() => heap.allocate(bytes, "much")).toThrow(
        expect.objectContaining({ code: "memory/cannot-grow" }) as Error,
      );
    }
    heap.allocate(10, "little");
  });

  test("keeps the engine's own words as the cause", () => {
    const { memory, heap } = heapOf();
    const cause = new RangeError("no");
    vi.spyOn(memory, "grow").mockImplementation(() => {
      throw cause;
    });
    expect(() => heap.allocate(PAGE, "x")).toThrow(expect.objectContaining({ cause }) as Error);
  });
});

test("a block of zeros is zero over what was used before, in part or wholly, and over what was not", () => {
  const size = fc.integer({ min: 0, max: PAGE });
  fc.assert(
    fc.property(size, size, size, (kept, used, wanted) => {
      const { memory, heap } = heapOf();
      const dirty = (bytes: number) => {
        const address = heap.allocate(bytes, "a block");
        new Uint8Array(memory.buffer, address, bytes + SLACK_BYTES).fill(255);
        return address;
      };
      dirty(kept);
      heap.free(dirty(used));
      const address = heap.allocateZeroed(wanted, "zeros");
      expect(new Uint8Array(memory.buffer, address, wanted).every((byte) => byte === 0)).toBe(true);
    }),
    { numRuns: 200 },
  );
});
