// How a field of the set-up is read, whoever wrote it: a control of the page, or the address of a shared link.

import { type Family, optionsOf, type Part } from "./parts.js";

/** @throws RangeError, or the library's ConfigError, that says what was expected. */
type Read<T> = (given: unknown) => T;

interface Common<T> {
  readonly label: string;
  /** A line below the control, where its name does not say it all. */
  readonly help?: string;
  readonly initial: T;
  readonly read: Read<T>;
}

export interface Choice<T extends string | number = string> extends Common<T> {
  readonly kind: "choice";
  readonly options: readonly { readonly value: T; readonly label: string }[];
}
export interface Range extends Common<number> {
  readonly kind: "range";
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** What the least value is called, where it means none. */
  readonly none?: string;
}
export interface NumberField extends Common<number> {
  readonly kind: "number";
  readonly min: number;
  readonly max: number;
  readonly whole: boolean;
}
export interface Toggle extends Common<boolean> {
  readonly kind: "toggle";
}
export interface PartField extends Common<Part> {
  readonly kind: "part";
  readonly family: Family;
}

export type Field = Choice | Choice<number> | Range | NumberField | Toggle | PartField;

type Told<F, Derived extends string = "kind" | "read"> = Omit<F, Derived>;

export function choice<const T extends string | number>(told: Told<Choice<T>>): Choice<T> {
  const read: Read<T> = (given) => {
    const option = told.options.find(({ value }) => String(value) === String(given));
    if (option) return option.value;
    throw new RangeError(`one of ${told.options.map(({ value }) => value).join(", ")}`);
  };
  return { ...told, kind: "choice", read };
}

export function range(told: Told<Range>): Range {
  const whole = Number.isInteger(told.step);
  return { ...told, kind: "range", read: numberBetween(told.min, told.max, whole) };
}

export function number(told: Told<NumberField>): NumberField {
  return { ...told, kind: "number", read: numberBetween(told.min, told.max, told.whole) };
}

export function toggle(told: Told<Toggle>): Toggle {
  const read: Read<boolean> = (given) => {
    if (given === true || given === "true") return true;
    if (given === false || given === "false") return false;
    throw new RangeError("true or false");
  };
  return { ...told, kind: "toggle", read };
}

export function part(told: Told<PartField>): PartField {
  return { ...told, kind: "part", read: (given) => partFrom(given, told.family) };
}

function numberBetween(min: number, max: number, whole: boolean): Read<number> {
  return (given) => {
    const value = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
    if (typeof value === "number" && value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
    throw new RangeError(`a ${whole ? "whole " : ""}number from ${min} to ${max}`);
  };
}

/** From a part, or from its text: "adam~learningRate~0.01". */
function partFrom(given: unknown, family: Family): Part {
  if (typeof given !== "string") {
    const { name, ...options } = given as Part;
    return family.make(name, options);
  }
  const [name = "", ...pairs] = given.split("~");
  const usual = family.make(name);
  const options: Record<string, number | boolean> = {};
  for (let i = 0; i < pairs.length; i += 2) {
    const [option, text] = [pairs[i]!, pairs[i + 1] ?? ""];
    const value = typeof usual[option] === "boolean" ? text === "true" : Number(text);
    if (text === "" || Number.isNaN(value)) throw new RangeError(`a number for ${option}, and got "${text}"`);
    options[option] = value;
  }
  return family.make(name, options);
}

/** The text that `read` takes: of a part, only the options that are not as usual. */
export function textOf(field: Field, value: unknown): string {
  if (field.kind !== "part") return String(value);
  const given = value as Part;
  const usual = field.family.make(given.name);
  const own = optionsOf(given).filter(([option, number]) => usual[option] !== number);
  return [given.name, ...own.flatMap(([option, number]) => [option, String(number)])].join("~");
}
