// Where the results go besides results.json.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chart } from "./chart.js";
import { betweenMarkers } from "./markers.js";
import { page, readmeTable } from "./page.js";
import { FOLDER } from "./process.js";
import type { Results } from "./results.js";
import { rivalsOf } from "./rivals.js";

const ROOT = join(FOLDER, "../..");
const README = join(ROOT, "README.md");
const STUDIES = join(ROOT, "docs/studies");

/** @throws Error where the README has no markers for the table */
export function readmeWith(text: string): string {
  try {
    return betweenMarkers(readFileSync(README, "utf8"), "rivals", text);
  } catch (error) {
    throw new Error(`README.md cannot take the table. ${(error as Error).message}`);
  }
}

/** Writes the page, its chart and the README's table; returns where. */
export function writePages(results: Results): string[] {
  const rivals = rivalsOf(results.machine.cores).filter(({ name }) =>
    Object.values(results.tasks).some(({ cells }) => name in cells),
  );
  const files = {
    [join(STUDIES, "rivals.md")]: page(results, rivals),
    [join(STUDIES, "rivals/rivals.svg")]: chart(results, rivals),
    [README]: readmeWith(readmeTable(results, rivals)),
  };
  mkdirSync(join(STUDIES, "rivals"), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(path, text);
  return Object.keys(files);
}
