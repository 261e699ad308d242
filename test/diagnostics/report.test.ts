// What is shown of a report: its text at any width, its page in a browser.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { reportOf } from "../../src/diagnostics/diagnosisReport.js";
import { figure, percent } from "../../src/diagnostics/figures.js";
import type { ReportData } from "../../src/diagnostics/report.js";
import { textOf } from "../../src/diagnostics/text.js";
import { UPLOT_SCRIPT, UPLOT_STYLE } from "../../src/diagnostics/uplot.js";
import { healthy, repeated, vanishing } from "./samples.js";

const HOSTILE = "</script><img src=x onerror=alert(1)>";

let well: ReportData;
let sick: ReportData;
let hostile: ReportData;
beforeAll(async () => {
  well = await healthy();
  sick = await vanishing();
  const { findings } = sick;
  const [first] = findings;
  const some = repeated(well, 3, (i) => (i === 1 ? HOSTILE : `layer${i}`));
  const layers = some.layers.map((layer, i) => ({ ...layer, gradientNorm: i === 0 ? NaN : 0.1, weightNorm: Infinity }));
  hostile = {
    subject: HOSTILE,
    layers,
    findings: [{ ...first!, layer: HOSTILE, evidence: HOSTILE, cure: HOSTILE }],
    course: { steps: [0, 1], loss: [1, NaN], updateRatio: { [HOSTILE]: [0.1, undefined] }, epochs: { [HOSTILE]: [1] } },
  };
});

const widthOf = (text: string) => Math.max(...text.split("\n").map((line) => [...line].length));

describe("the text of a report", () => {
  it.each([1, 5, 100])("%i layers fit into 80 columns, and each has its row", (count) => {
    const text = textOf(repeated(sick, count));
    expect(widthOf(text)).toBeLessThanOrEqual(80);
    for (let i = 1; i <= count; i++) expect(text).toMatch(new RegExp(`^layer${i} +\\S`, "m"));
  });

  it.each([40, 60, 80, 120])("long names give way at %i columns, and keep their ends", (columns) => {
    const text = textOf(
      repeated(well, 5, (i) => `a_very_long_name_of_a_layer_${"x".repeat(200)}_${i}`),
      { columns },
    );
    if (columns >= 80) expect(widthOf(text)).toBeLessThanOrEqual(columns);
    for (let i = 0; i < 5; i++) expect(text).toMatch(new RegExp(`^a_\\S*…\\S*_${i} `, "m"));
  });

  it("says the findings first, then the layers", () => {
    const text = textOf(sick);
    const order = ["1 error, 1 warning", "ERROR", "saturation in hidden3", "WARNING", "Gradient norm", "layer "];
    const places = order.map((part) => text.indexOf(part));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
    expect(textOf(well)).toContain("No findings");
  });

  it("draws the gradient in log scale", () => {
    const { layers } = repeated(sick, 8);
    const falling = layers.map((layer, i) => ({ ...layer, gradientNorm: 10 ** -i }));
    expect(textOf({ ...sick, layers: falling })).toContain("  █▇▆▅▄▃▂▁\n");
    const broken = layers.slice(0, 3).map((layer, i) => ({ ...layer, gradientNorm: [1, NaN, 0][i]! }));
    expect(textOf({ ...sick, layers: broken })).toContain("  █!_\n  ! is not finite");
  });

  it("lets no name steer the terminal", () => {
    const text = textOf(repeated(well, 1, () => "\u001b[2Jlayer\r\nname"));
    expect(text).not.toMatch(/[\u001b\r]/);
    expect(text).toContain("?[2Jlayer name");
  });

  it("shows three digits", () => {
    const given = [undefined, 0, 1, 0.12345, 1234.5, 123456, 1.234e-9, -1.5e-12, NaN, -Infinity];
    expect(given.map(figure)).toEqual(["–", "0", "1", "0.123", "1235", "1.2e+5", "1.2e-9", "-1.5e-12", "NaN", "-∞"]);
    expect([undefined, 0, 1, 0.5, 1e-5, 0.99999].map(percent)).toEqual(["–", "0%", "100%", "50%", "<0.1%", ">99.9%"]);
  });
});

describe("a DiagnosisReport", () => {
  it("is its data, and goes through JSON", async () => {
    const cures = [
      {
        cure: "scale",
        code: "rescaling()",
        remedy: [],
        measure: "held-out accuracy",
        scores: [0.5, 0.75],
        median: 0.625,
      } as const,
    ];
    const report = await reportOf(sick, cures);
    expect(JSON.parse(JSON.stringify(report))).toEqual(JSON.parse(JSON.stringify({ ...sick, cures })));
    expect(String(report)).toContain("0.625 scale (0.5, 0.75)");
    expect((await reportOf({ ...sick, layers: [] })).cures).toBeUndefined();
  });
});

describe("the page of a report", () => {
  const pageOf = async (data: ReportData) => (await reportOf(data)).toHtml();

  it("loads nothing", async () => {
    const page = await pageOf(sick);
    expect(page).toContain("default-src 'none'");
    const own = page.replace(UPLOT_SCRIPT, "").replace(UPLOT_STYLE, "");
    expect(own).not.toMatch(/https?:/);
    expect(page.match(/(src|href)="[^"]*"/g)).toEqual(['href="data:,"']);
    expect(page).not.toMatch(/@import|url\(|fetch\(|XMLHttpRequest|import\(/);
  });

  it.each(["well", "sick", "hostile", "hundred", "none"])("closes every tag: %s", async (which) => {
    const none = { subject: "", layers: [], findings: [] };
    const page = await pageOf({ well, sick, hostile, hundred: repeated(well, 100), none }[which]!);
    expect(unclosed(page)).toEqual([]);
  });

  it("escapes names, subject, evidence and code", async () => {
    const page = await pageOf(hostile);
    expect(page).not.toContain("<img");
    expect(page.match(/<\/script>/g)).toHaveLength(3);
    expect(page).toContain("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;");
  });

  it("has each layer's figures in a table", async () => {
    const page = await pageOf(well);
    const last = well.layers.at(-1)!;
    expect(page).toContain(`<td>output</td><td>Dense</td><td>${figure(last.activationMean)}</td>`);
    expect(page.match(/<figure/g)!.length).toBe(page.match(/<details/g)!.length);
  });

  const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
  it.skipIf(!chromium)(
    "is drawn by Chromium without an error, and runs nothing of the user's",
    { timeout: 60_000 },
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "lanewise-page-"));
      try {
        for (const [data, plots] of [
          [sick, 8],
          [hostile, 6],
        ] as const) {
          const dom = await drawnIn(chromium!, folder, await pageOf(data));
          expect(dom).toContain('data-errors=""');
          expect(dom.match(/<canvas/g)).toHaveLength(plots);
          expect(dom.match(/id="plot-\d+"[^>]*data-width="[1-9]/g)).toHaveLength(plots);
          expect(dom.match(/data-inked="true"/g)).toHaveLength(plots);
          expect(dom.match(/<path d="M/g)!.length).toBeGreaterThanOrEqual(data.layers.length);
          expect(dom).not.toContain("<img");
          expect(dom).toContain('data-overflow="0"');
        }
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  );
});

it.skipIf(!installed())("what is embedded is the uPlot that is installed", async () => {
  const { readFile } = await import("node:fs/promises");
  const script = createRequire(import.meta.url).resolve("uplot/dist/uPlot.iife.min.js");
  expect(UPLOT_SCRIPT).toBe((await readFile(script, "utf8")).trim());
});

function installed(): boolean {
  try {
    return createRequire(import.meta.url).resolve("uplot/dist/uPlot.iife.min.js") !== "";
  } catch {
    return false;
  }
}

/** The DOM once all is drawn, with what went wrong written on its root. */
async function drawnIn(chromium: string, folder: string, page: string): Promise<string> {
  const listen = `<script>document.documentElement.dataset.errors = "";
    addEventListener("error", (e) => document.documentElement.dataset.errors += e.message + ";");
    addEventListener("securitypolicyviolation", (e) => document.documentElement.dataset.errors += e.violatedDirective + ";");
    console.error = console.warn = (...all) => document.documentElement.dataset.errors += all.join(" ") + ";";
    addEventListener("load", () => setTimeout(() => {
      const root = document.documentElement;
      root.dataset.overflow = Math.max(0, root.scrollWidth - root.clientWidth);
      for (const canvas of document.querySelectorAll("canvas")) {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        canvas.dataset.inked = data.some((byte) => byte > 0);
      }
    }, 300));</script>`;
  const file = join(folder, "page.html");
  await writeFile(file, page.replace("<style>", `${listen}<style>`));
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=500,900", "--virtual-time-budget=3000"];
  const target = ["--dump-dom", pathToFileURL(file).href];
  const run = promisify(execFile);
  const options = { maxBuffer: 1e8, timeout: 50_000 };
  return (await run(chromium, [...flags, `--user-data-dir=${join(folder, "profile")}`, ...target], options)).stdout;
}

/** Tags that are opened and not closed, or closed and not opened. */
function unclosed(page: string): string[] {
  const open: string[] = [];
  const bare = page.replace(/<(script|style)([^>]*)>[\s\S]*?<\/\1>/g, "<$1></$1>");
  for (const [tag, slash, name, end] of bare.matchAll(/<(\/?)([a-z][a-z0-9]*)(?:\s[^<>]*?)?(\/?)>/g)) {
    if (["meta", "link"].includes(name!) || end === "/") continue;
    if (slash === "") open.push(name!);
    else if (open.at(-1) === name) open.pop();
    else return [...open, tag];
  }
  return open;
}
