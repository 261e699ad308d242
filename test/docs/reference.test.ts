// The committed reference is what the code says now. The text is compared; the plots by the figures that they were drawn from.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { FAMILIES } from "../../docs/generate/families.js";
import { digestOf } from "../../docs/generate/figures/chart.js";
import { figureOf } from "../../docs/generate/figures/index.js";
import { referencePages } from "../../docs/generate/pages.js";
import { readSource, ROOT } from "../../docs/generate/source.js";

const folder = join(ROOT, "docs/reference");
const pages = referencePages(readSource());
const figures = Object.entries(FAMILIES).flatMap(([family, rows]) =>
  Object.keys(rows).flatMap((name) => figureOf(family, name) ?? []),
);

describe("docs/reference is up to date (else: npm run docs)", () => {
  test.each([...pages.keys()])("%s", (page) => {
    expect(read(join(folder, page))).toBe(pages.get(page));
  });

  test("the plots show what the library computes", async () => {
    const stale: string[] = [];
    for (const { path, chart } of figures) {
      const drawn = /data-chart="(\w+)"/.exec(read(join(folder, path)))?.[1];
      if (drawn !== digestOf(await chart())) stale.push(path);
    }
    expect(stale).toEqual([]);
  });

  test("there is nothing else", () => {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => /\.\w+$/.test(path));
    const known = new Set([...pages.keys(), ...figures.map(({ path }) => path)]);
    expect(files.map((path) => path.replaceAll("\\", "/")).filter((path) => !known.has(path))).toEqual([]);
  });
});

test("links between the docs lead somewhere", () => {
  const docs = readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md") && !path.includes("node_modules"))
    .map((path) => join(ROOT, "docs", path));
  const broken = docs.flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, link]) => link!)
      .filter((link) => !leadsSomewhere(path, link))
      .map((link) => `${path.slice(ROOT.length + 1)}: ${link}`),
  );
  expect(broken).toEqual([]);
});

function leadsSomewhere(path: string, link: string): boolean {
  if (/^https?:/.test(link)) return true;
  const [file, anchor] = link.split("#") as [string, string?];
  const target = file === "" ? path : join(dirname(path), file);
  if (!existsSync(target)) return false;
  return anchor === undefined || anchorsOf(target).has(anchor);
}

/** As GitHub names headings. */
function anchorsOf(path: string): Set<string> {
  const headings = [...readFileSync(path, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
