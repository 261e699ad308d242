import type { Course, Finding, LayerReport, ReportData } from "./report.js";
import { textOf } from "./text.js";
import type { TriedCure } from "./triedCure.js";

/**
 * What a diagnosis found: as data, as text, as a page.
 *
 * @example
 * const report = await model.diagnose(x, y);
 * console.log(String(report)); // findings first, then a table of the layers
 * const page = report.toHtml(); // write it to a file, or show it
 */
export class DiagnosisReport implements ReportData {
  /** Of which network, and over what. */
  readonly subject: string;
  readonly layers: readonly LayerReport[];
  /** None where all is well. */
  readonly findings: readonly Finding[];
  /** Figures over the steps, where a training was followed. */
  readonly course?: Course;
  /** Where cures were tried: those and the network as it is, the best first; none where no finding names any. */
  readonly cures?: readonly TriedCure[];

  readonly #draw: (report: DiagnosisReport) => string;

  /** @internal Reports come from `model.diagnose` and `gradientHealth`, through `reportOf`. */
  constructor(data: ReportData, draw: (report: DiagnosisReport) => string, cures?: readonly TriedCure[]) {
    this.#draw = draw;
    this.subject = data.subject;
    this.layers = data.layers;
    this.findings = data.findings;
    if (data.course) this.course = data.course;
    if (cures) this.cures = cures;
  }

  /** Findings and a table of the layers, 80 columns wide. */
  toString(): string {
    return textOf(this);
  }

  /** One page with plots, light or dark as its reader's system is; it loads nothing. */
  toHtml(): string {
    return this.#draw(this);
  }

  /** Plain data; numbers that are not finite become null in JSON. */
  toJSON(): ReportData & { readonly cures?: readonly TriedCure[] } {
    return { ...this };
  }
}

/** The page is drawn by a plotting library that nothing else needs: it is loaded where a report is made. */
export async function reportOf(data: ReportData, cures?: readonly TriedCure[]): Promise<DiagnosisReport> {
  const { pageOf } = await import("./page.js");
  return new DiagnosisReport(data, pageOf, cures);
}
