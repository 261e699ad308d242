// The library that draws, from the package of the docs; the benches themselves need nothing installed.

import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** As much of @observablehq/plot as is used here. */
export interface PlotLibrary {
  plot(options: Readonly<Record<string, unknown>>): Element & { scale(name: "x" | "y"): Scale };
  gridX(options: object): unknown;
  gridY(options: object): unknown;
  ruleX(data: readonly unknown[], options: object): unknown;
  line(data: readonly unknown[], options: object): unknown;
  areaY(data: readonly unknown[], options: object): unknown;
  link(data: readonly unknown[], options: object): unknown;
  dot(data: readonly unknown[], options: object): unknown;
}

export interface Scale {
  apply(value: number | string): number;
}

export interface Drawing {
  readonly Plot: PlotLibrary;
  readonly document: Document;
}

/** @throws Error that says what is missing */
export async function loadDrawing(docs = "docs"): Promise<Drawing> {
  const { resolve: find } = createRequire(pathToFileURL(resolve(docs, "package.json")));
  const load = async (name: string) => (await import(pathToFileURL(find(name)).href)) as unknown;
  try {
    const Plot = (await load("@observablehq/plot")) as PlotLibrary;
    const { parseHTML } = (await load("linkedom")) as { parseHTML: (html: string) => { document: Document } };
    return { Plot, document: parseHTML("<html></html>").document };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    throw new Error(
      "Figures are drawn by @observablehq/plot, which is not here. Install it: npm install --prefix docs",
      {
        cause: error,
      },
    );
  }
}
