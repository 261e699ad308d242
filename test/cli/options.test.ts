import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failure } from "../../src/cli/failure.js";
import { HELP, readOptions, UsageError } from "../../src/cli/options.js";
import { DataError } from "../../src/errors.js";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "lanewise-"));
  writeFileSync(join(folder, "file"), "");
});
afterAll(() => rmSync(folder, { recursive: true }));

const DIGITS = { data: undefined, epochs: 30, batchSize: 32, learningRate: 0.001, seed: 42, save: undefined };

describe("the command line", () => {
  it("has defaults for the digits", () => {
    expect(readOptions([])).toEqual(DIGITS);
  });

  it("has others for a folder of images", () => {
    expect(readOptions(["--data", folder])).toEqual({
      ...DIGITS,
      data: folder,
      epochs: 10,
      batchSize: 50,
    });
  });

  it("takes every option, with a blank or an equals sign", () => {
    const save = join(folder, "network.safetensors");
    const options = { data: folder, epochs: 3, batchSize: 128, learningRate: 1e-4, seed: 0, save };
    const [data, epochs, batch, rate] = [`--data=${folder}`, "--epochs=3", "--batch-size=128", "--learning-rate=1e-4"];
    expect(readOptions([data!, epochs!, batch!, rate!, "--seed=0", `--save=${save}`])).toEqual(options);
    const pairs = [data!, epochs!, batch!, rate!, "--seed=0", `--save=${save}`].flatMap((pair) => pair.split("="));
    expect(readOptions(pairs)).toEqual(options);
  });

  it("goes by the last of an option given twice", () => {
    expect(readOptions(["--epochs", "3", "--epochs", "4"])).toMatchObject({ epochs: 4 });
  });

  it("takes a file name that begins with dashes after an equals sign", () => {
    expect(readOptions(["--save=--odd"])).toMatchObject({ save: "--odd" });
  });

  it("gives help, beside other options too", () => {
    expect(readOptions(["--help"])).toBe("help");
    expect(readOptions(["-h", "--epochs", "none"])).toBe("help");
  });
});

describe("bad arguments", () => {
  it.each([
    [["--epochs", "ten"], '--epochs must be a whole number, 1 or more; got "ten"; for example --epochs 10'],
    [["--epochs", "0"], '--epochs must be a whole number, 1 or more; got "0"; for example --epochs 10'],
    [["--epochs", "-5"], '--epochs must be a whole number, 1 or more; got "-5"; for example --epochs 10'],
    [["--epochs=1.5"], '--epochs must be a whole number, 1 or more; got "1.5"; for example --epochs 10'],
    [["--epochs", "1e400"], '--epochs must be a whole number, 1 or more; got "1e400"; for example --epochs 10'],
    [["--epochs", " "], '--epochs must be a whole number, 1 or more; got " "; for example --epochs 10'],
    [["--batch-size", "0"], '--batch-size must be a whole number, 1 or more; got "0"; for example --batch-size 32'],
    [["--learning-rate", "0"], '--learning-rate must be a number above 0; got "0"; for example --learning-rate 0.001'],
    [
      ["--learning-rate", "NaN"],
      '--learning-rate must be a number above 0; got "NaN"; for example --learning-rate 0.001',
    ],
    [
      ["--learning-rate", "Infinity"],
      '--learning-rate must be a number above 0; got "Infinity"; for example --learning-rate 0.001',
    ],
    [["--learning-rate", " "], '--learning-rate must be a number above 0; got " "; for example --learning-rate 0.001'],
    [["--seed", "-1"], '--seed must be a whole number, 0 to 4294967295; got "-1"; for example --seed 42'],
    [
      ["--seed", "4294967296"],
      '--seed must be a whole number, 0 to 4294967295; got "4294967296"; for example --seed 42',
    ],
    [["--epochs"], "--epochs needs a value; for example --epochs 10"],
    [["--epochs="], "--epochs needs a value; for example --epochs 10"],
    [["--save", "--epochs", "5"], "--save needs a value; for example --save digits.safetensors"],
    [["--help=yes"], '--help takes no value; got "yes"'],
    [
      ["--lr", "1"],
      "there is no option --lr; there are --data, --epochs, --batch-size, --learning-rate, --seed, --save, --help",
    ],
    [
      ["-e", "1"],
      "there is no option -e; there are --data, --epochs, --batch-size, --learning-rate, --seed, --save, --help",
    ],
    [
      ["--toString"],
      "there is no option --toString; there are --data, --epochs, --batch-size, --learning-rate, --seed, --save, --help",
    ],
    [["5"], '"5" belongs to no option; npm takes options for itself unless a -- comes first: npm start -- --epochs 5'],
    [
      ["--", "--epochs"],
      '"--epochs" belongs to no option; npm takes options for itself unless a -- comes first: npm start -- --epochs 5',
    ],
  ])("%j are answered by one line that tells the mend", (args, message) => {
    expect(() => readOptions(args)).toThrow(new UsageError(message));
    expect(message).not.toContain("\n");
  });

  it("names a folder that is none", () => {
    for (const path of [join(folder, "missing"), join(folder, "file")]) {
      expect(() => readOptions(["--data", path])).toThrow(
        new UsageError(`--data names no folder: ${path}; give the folder that holds the IDX files`),
      );
    }
  });

  it("finds out before training that a file cannot be written", () => {
    const missing = join(folder, "missing");
    expect(() => readOptions(["--save", join(missing, "network")])).toThrow(
      new UsageError(`--save cannot write there, for this is no folder: ${missing}; make it first, or name another`),
    );
    expect(() => readOptions(["--save", folder])).toThrow(
      new UsageError(`--save names a folder: ${folder}; add a file name, such as digits.safetensors`),
    );
  });
});

describe("help", () => {
  it("explains every option, within 80 columns", () => {
    for (const flag of ["data", "epochs", "batch-size", "learning-rate", "seed", "save", "help"]) {
      expect(HELP).toMatch(new RegExp(`^  (-h, )?--${flag}\\b`, "m"));
    }
    for (const line of HELP.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe("errors", () => {
  it("of the command line exit with 2", () => {
    expect(failure(new UsageError("--seed is odd"), true)).toEqual({
      text: "lanewise: --seed is odd\n",
      exitCode: 2,
    });
  });

  it("of the library show message and code, and exit with 1", () => {
    expect(failure(new DataError("idx/missing-files", "There is nothing."), false)).toEqual({
      text: "lanewise: There is nothing. [idx/missing-files]\n",
      exitCode: 1,
    });
  });

  it("of any other kind show what they have", () => {
    expect(failure(new Error("odd"), false)).toEqual({ text: "lanewise: odd\n", exitCode: 1 });
    expect(failure("odd", false)).toEqual({ text: "lanewise: odd\n", exitCode: 1 });
  });

  it("show a stack trace when debugging", () => {
    const { text } = failure(new DataError("data/no-rows", "Odd."), true);
    expect(text).toMatch(/^lanewise: Odd\. \[data\/no-rows\]\nDataError: Odd\.\n {4}at /);
  });
});
