// A report as one HTML page that loads nothing: findings, plots, and each plot's figures as a table.

import { curesTitle, figure, percent, verdictOf } from "./figures.js";
import { SCRIPT } from "./pageScript.js";
import { STYLE } from "./pageStyle.js";
import type { Finding, LayerReport, ReportData } from "./report.js";
import { ridgesOf } from "./ridges.js";
import { html, type Html, join, raw, table } from "./html.js";
import type { TriedCure } from "./triedCure.js";
import { UPLOT_SCRIPT, UPLOT_STYLE } from "./uplot.js";

/** What pageScript.ts draws. */
interface Plot {
  readonly title: string;
  readonly note: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly x: readonly number[];
  /** Of the layers, where x counts them from 1. */
  readonly names?: readonly string[];
  readonly series: readonly { readonly label: string; readonly values: readonly (number | null)[] }[];
  /** In decades. */
  readonly log?: boolean;
  /** A share in [0, 1]. */
  readonly percent?: boolean;
  /** Ticks of x at whole numbers only. */
  readonly whole?: boolean;
}

/** Beyond so many rows a table shows every nth. */
const TABLE_ROWS = 200;

/** The page; all that came from elsewhere is escaped. */
export function pageOf(data: ReportData & { readonly cures?: readonly TriedCure[] }): string {
  const plots = [...layerPlots(data.layers), ...coursePlots(data)];
  const drawn = plots.filter(hasPoints);
  const figures = plots.map((plot) => figureOf(plot, drawn.indexOf(plot)));
  const json = JSON.stringify(drawn).replace(/</g, "\\u003c");
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
        />
        <title>Diagnosis of ${data.subject}</title>
        <link rel="icon" href="data:," />
        <style>
          ${raw(UPLOT_STYLE)}${raw(STYLE)}
        </style>
      </head>
      <body>
        <main>
          <h1>Diagnosis</h1>
          <p class="subject">${data.subject}</p>
          <section aria-labelledby="findings">
            <h2 id="findings">Findings</h2>
            <p class="${data.findings.length === 0 ? "verdict good" : "verdict"}">${verdictOf(data.findings)}</p>
            ${join(data.findings.map(findingOf))}
          </section>
          ${curesOf(data.cures ?? [])}
          <section aria-labelledby="network">
            <h2 id="network">Network</h2>
            <noscript><p class="note">Plots need scripts; every figure also stands in the tables.</p></noscript>
            <div class="plots">${join(figures)} ${ridgesOf(data.layers)}</div>
          </section>
          <section aria-labelledby="layers">
            <h2 id="layers">Layers</h2>
            ${layerTable(data.layers)}
          </section>
        </main>
        <script type="application/json" id="plots">
          ${raw(json)}
        </script>
        <script>
          ${raw(UPLOT_SCRIPT)};
        </script>
        <script>
          ${raw(SCRIPT)};
        </script>
      </body>
    </html> `.text;
}

function findingOf({ severity, problem, layer, evidence, cure }: Finding): Html {
  return html`<article class="finding ${severity}">
    <h3><b>${severity}</b>${problem}${layer === undefined ? "" : html` in <code>${layer}</code>`}</h3>
    <p>${evidence}</p>
    <p class="cure"><b>Cure</b> ${cure}</p>
  </article>`;
}

/** With a bar where figures are shares. */
function curesOf(cures: readonly TriedCure[]): Html {
  const [first] = cures;
  if (!first) return raw("");
  const items = cures.map(({ cure, code, measure, scores, median }) => {
    const share = measure.endsWith("accuracy") && Number.isFinite(median);
    return html`<li${raw(code === "" ? ' class="plain"' : "")}>
      <b>${figure(median)}</b>
      <div>
        ${share ? html`<i style="width:${(median * 100).toFixed(1)}%"></i>` : ""}
        <p>${cure} <span>${scores.map(figure).join(", ")}</span></p>
        ${code === "" ? "" : html`<pre aria-label="code"><code>${code}</code></pre>`}
      </div>
    </li>`;
  });
  return html`<section aria-labelledby="cures">
    <h2 id="cures">Cures that were tried</h2>
    <p class="note">Best first, ${curesTitle(first)} from new weights; behind each cure, what each came to.</p>
    <ol class="cures">
      ${join(items)}
    </ol>
  </section>`;
}

/** Where every layer has the figure, or those that do. */
function layerPlots(layers: readonly LayerReport[]): Plot[] {
  const over = (
    title: string,
    note: string,
    yLabel: string,
    kinds: readonly [label: string, of: (layer: LayerReport) => number | undefined][],
    scale: { log: true } | { percent: true },
  ): Plot => {
    const own = layers.filter((layer) => kinds.some(([, of]) => of(layer) !== undefined));
    const series = kinds
      .map(([label, of]) => ({ label, values: own.map((layer) => drawable(of(layer), "log" in scale)) }))
      .filter((_, i) => own.some((layer) => kinds[i]![1](layer) !== undefined));
    const names = own.map(({ name }) => name);
    return {
      title,
      note,
      xLabel: "layer, counted from the input",
      yLabel,
      x: own.map((_, i) => i + 1),
      names,
      series,
      ...scale,
    };
  };
  const log = { log: true } as const;
  const ratio = layers.some(({ updateRatio }) => updateRatio !== undefined);
  return [
    over(
      "Gradient norm by layer",
      "L2 norm of the gradients of a layer's weights. Steady falling towards the input is vanishing, rising is exploding.",
      "L2 norm (log scale)",
      [["gradient norm", (layer) => layer.gradientNorm]],
      log,
    ),
    over(
      "Weight norm by layer",
      "L2 norm of all weights.",
      "L2 norm (log scale)",
      [["weight norm", (layer) => layer.weightNorm]],
      log,
    ),
    over(
      "Dead and saturated shares",
      "Dead: units whose activation has slope 0 for every row. Saturated: outputs on a tail of the activation.",
      "share",
      [
        ["dead units", (layer) => layer.deadFraction],
        ["saturated outputs", (layer) => layer.saturatedFraction],
      ],
      { percent: true },
    ),
    ...(ratio
      ? [
          over(
            "Update ratio by layer",
            "‖Δw‖ / ‖w‖ of a step; around 10⁻³ is usual.",
            "‖Δw‖ / ‖w‖ (log scale)",
            [["update ratio", (layer: LayerReport) => layer.updateRatio]],
            log,
          ),
        ]
      : []),
  ];
}

/** Update ratios and losses over the steps; loss and metrics over the epochs, each beside its validation. */
function coursePlots({ course }: ReportData): Plot[] {
  if (!course) return [];
  const { steps, loss, updateRatio, epochs } = course;
  const plots: Plot[] = [];
  const ratios = Object.entries(updateRatio).filter(([, values]) => values.some((value) => value !== undefined));
  if (ratios.length > 0) {
    const note = `‖Δw‖ / ‖w‖ of a step; around 10⁻³ is usual.${ratios.length > 8 ? " From the first layer (blue) to the last (orange)." : ""}`;
    const series = ratios.map(([label, values]) => ({ label, values: values.map((value) => drawable(value, true)) }));
    plots.push({
      title: "Update ratio over time",
      note,
      xLabel: "optimizer step",
      yLabel: "‖Δw‖ / ‖w‖ (log scale)",
      x: steps,
      series,
      log: true,
      whole: true,
    });
  }
  if (steps.length > 0) {
    const series = [{ label: "loss", values: loss.map((value) => drawable(value)) }];
    plots.push({
      title: "Loss over the steps",
      note: "The epoch's mean so far.",
      xLabel: "optimizer step",
      yLabel: "loss",
      x: steps,
      series,
      whole: true,
    });
  }
  for (const name of Object.keys(epochs).filter((key) => !key.startsWith("val_") || !(key.slice(4) in epochs))) {
    const kinds = [
      [name, "training"],
      [`val_${name}`, "validation"],
    ].filter(([key]) => key! in epochs);
    const series = kinds.map(([key, label]) => ({
      label: label!,
      values: epochs[key!]!.map((value) => drawable(value)),
    }));
    const length = Math.max(...series.map(({ values }) => values.length));
    const x = Array.from({ length }, (_, i) => i + 1);
    plots.push({
      title: `${name[0]!.toUpperCase()}${name.slice(1)} by epoch`,
      note: "",
      xLabel: "epoch",
      yLabel: name,
      x,
      series,
      whole: true,
    });
  }
  return plots;
}

function drawable(value: number | undefined, log = false): number | null {
  return value === undefined || !Number.isFinite(value) || (log && value <= 0) ? null : value;
}

function hasPoints({ x, series }: Plot): boolean {
  return x.length > 0 && series.some(({ values }) => values.some((value) => value !== null));
}

/** @param index Of what is drawn; -1 where there is nothing to draw. */
function figureOf(plot: Plot, index: number): Html {
  const { title, note, x, names, series, xLabel } = plot;
  const label = `${title}: a plot; its figures are in the table below`;
  const cell = plot.percent ? percent : figure;
  const every = Math.ceil(x.length / TABLE_ROWS);
  const rows = x
    .map((at, i) => [names?.[i] ?? String(at), ...series.map(({ values }) => cell(values[i] ?? undefined))])
    .filter((_, i) => i % every === 0);
  const gaps = names?.filter((_, i) => series.every(({ values }) => values[i] === null)) ?? [];
  return html`<figure>
    <figcaption>
      <strong>${title}</strong
      >${note === "" ? "" : html`<p>${note}</p>`}${gaps.length === 0 || index < 0 ? "" : html`<p>Not drawn, since it is 0 or not finite: ${listed(gaps)}.</p>`}
    </figcaption>
    ${
      index < 0
        ? html`<div class="empty">
            ${x.length === 0 ? "No layer has this figure." : "Every figure is 0 or not finite: see the table of layers."}
          </div>`
        : html`<div class="plot" id="plot-${index}" role="img" aria-label="${label}"></div>
            <details>
              <summary>Figures</summary>
              <div class="scroll" tabindex="0">
                ${table([names ? "layer" : xLabel, ...series.map((one) => one.label)], rows)}
              </div>
            </details>`
    }
  </figure>`;
}

function listed(names: readonly string[]): string {
  return names.length <= 6 ? names.join(", ") : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`;
}

function layerTable(layers: readonly LayerReport[]): Html {
  const titles = [
    "layer",
    "class",
    "activation mean",
    "std",
    "gradient norm",
    "weight norm",
    "update ratio",
    "dead",
    "saturated",
  ];
  const rows = layers.map((layer) => [
    layer.name,
    layer.className,
    figure(layer.activationMean),
    figure(layer.activationStd),
    figure(layer.gradientNorm),
    figure(layer.weightNorm),
    figure(layer.updateRatio),
    percent(layer.deadFraction),
    percent(layer.saturatedFraction),
  ]);
  return html`<div class="scroll" tabindex="0" role="region" aria-labelledby="layers">${table(titles, rows)}</div>`;
}
