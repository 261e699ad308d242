import type { FamilyPage } from "../families.js";
import type { Chart, Figures } from "./chart.js";
import { activationFigures, lossFigures, regularizerFigures, scheduleFigures } from "./functions.js";
import { clippingFigures, constraintFigures, initializerFigures, optimizerFigures } from "./planes.js";

const FIGURES: Partial<Record<FamilyPage, Figures>> = {
  activations: activationFigures,
  initializers: initializerFigures,
  losses: lossFigures,
  optimizers: optimizerFigures,
  schedules: scheduleFigures,
  clipping: clippingFigures,
  constraints: constraintFigures,
  regularizers: regularizerFigures,
};

export interface Figure {
  /** Where it is drawn to, below docs/reference. */
  readonly path: string;
  readonly alt: string;
  readonly chart: () => Promise<Chart>;
}

/** The picture of a page's member, where it has one. */
export function figureOf(page: string, name: string): Figure | undefined {
  const figures = FIGURES[page as FamilyPage];
  const alt = figures?.alt(name);
  if (figures === undefined || alt === undefined) return undefined;
  return { path: `plots/${page}-${name}.svg`, alt, chart: () => figures.chart(name) };
}
