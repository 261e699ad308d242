import { expect, it, test } from "vitest";
import { HELP, readOptions } from "../../bench/studies/options.js";

it("takes all parts and three seeds, or what it is told", () => {
  expect(readOptions(["--data", "mnist"])).toEqual({
    data: "mnist",
    parts: ["keras", "dropout"],
    seeds: 3,
    quick: false,
  });
  expect(readOptions(["--part", "dropout", "--seeds=5"])).toMatchObject({
    data: undefined,
    parts: ["dropout"],
    seeds: 5,
  });
  expect(readOptions(["--quick"])).toMatchObject({ seeds: 1, quick: true });
  expect(readOptions(["-h", "--quick"])).toBe("help");
});

it("has a page that names each option and part", () => {
  for (const word of ["--data DIR", "--part NAME", "--seeds N", "--quick", "--help", "keras", "dropout"]) {
    expect(HELP).toContain(word);
  }
});

test.each([
  [["--part", "resnet"], /keras, dropout; got "resnet"/],
  [["--seeds", "0"], /--seeds.*"0"/],
  [["--seeds", "many"], /--seeds.*"many"/],
  [["--epochs", "3"], /--epochs/],
  [["mnist"], /mnist/],
])("refuses %j", (args, message) => {
  expect(() => readOptions(args)).toThrow(message);
});
