// The data sets that can be chosen.

export const TOYS = [
  { value: "moons", label: "Moons" },
  { value: "circles", label: "Circles" },
  { value: "spirals", label: "Spirals" },
  { value: "xor", label: "Exclusive or" },
  { value: "gaussians", label: "Three clouds" },
] as const;
export type ToyName = (typeof TOYS)[number]["value"];

export const DATA_SETS = [
  { value: "digits", label: "Digits" },
  ...TOYS,
  { value: "csv", label: "Your own CSV" },
] as const;
export type DataName = (typeof DATA_SETS)[number]["value"];

export const isToy = (name: string): name is ToyName => TOYS.some(({ value }) => value === name);
