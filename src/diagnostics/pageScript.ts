// What runs in the page of a report: draws its plots with uPlot, and again when the width or the colours change.

/** Reads the plots (`Plot[]` of page.ts) as JSON from #plots and draws each into #plot-0, #plot-1 … */
export const SCRIPT = `
"use strict";
const plots = JSON.parse(document.getElementById("plots").textContent);
const root = document.documentElement;
const HEIGHT = 250;
const drawn = plots.map(() => null);
const colour = (name) => getComputedStyle(root).getPropertyValue("--" + name).trim();
const superscript = (n) => String(n).replace(/[-0-9]/g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
const short = (text) => (text.length > 12 ? text.slice(0, 6) + "…" + text.slice(-5) : text);
const figure = (v) => (v == null ? "–" : v !== 0 && (Math.abs(v) < 1e-3 || Math.abs(v) >= 1e5) ? v.toExponential(1) : String(+v.toPrecision(3)));

/** Of many lines, from the first (blue) to the last (orange). */
function lineColour(i, count) {
  if (count <= 8) return colour("c" + i);
  const share = i / (count - 1);
  return "color-mix(in oklab, " + colour("c1") + " " + Math.round(share * 100) + "%, " + colour("c0") + ")";
}

function resolved(css) {
  const probe = document.createElement("i");
  probe.style.color = css;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** Whole powers of ten around what is drawn. */
function decades(u, least, greatest) {
  if (least == null || !(greatest > 0)) return [0.1, 10];
  let low = Math.floor(Math.log10(least) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(greatest) - 1e-9));
  return [Math.pow(10, low), Math.pow(10, high)];
}
function decadeSplits(u, axis, low, high) {
  const [a, b] = [Math.round(Math.log10(low)), Math.round(Math.log10(high))];
  const stride = Math.ceil((b - a) / 6);
  return Array.from({ length: Math.floor((b - a) / stride) + 1 }, (_, i) => Math.pow(10, a + i * stride));
}

function layerAxis(plot) {
  const count = plot.x.length;
  const named = count <= 14;
  const stride = (u) => Math.max(1, Math.ceil((count * 30) / u.bbox.width * devicePixelRatio));
  return {
    label: named ? undefined : plot.xLabel,
    size: named ? 78 : 36,
    rotate: named ? 40 : 0,
    splits: (u) => plot.x.filter((_, i) => i % (named ? 1 : stride(u)) === 0),
    values: (u, at) => at.map((i) => (named ? short(plot.names[i - 1]) : String(i))),
  };
}

function optionsOf(plot, width) {
  const count = plot.series.length;
  const axis = { stroke: colour("faint"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 }, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", labelSize: 20, labelGap: 2 };
  const logarithmic = { splits: decadeSplits, filter: (u, at) => at, values: (u, at) => at.map((v) => "10" + superscript(Math.round(Math.log10(v)))) };
  const value = plot.percent ? (u, v) => (v == null ? "–" : figure(v * 100) + "%") : (u, v) => figure(v);
  const plain = { values: (u, at) => at.map((v) => (plot.percent ? figure(v * 100) + "%" : figure(v))) };
  const pad = plot.x.length === 1 ? 1 : plot.names ? 0.5 : 0;
  const ends = [plot.x[0] - pad, plot.x[plot.x.length - 1] + pad];
  return {
    width,
    height: plot.names && plot.x.length <= 14 ? HEIGHT + 42 : HEIGHT,
    padding: [10, 14, 0, 0],
    cursor: { y: false, drag: { x: false, y: false } },
    legend: { show: true },
    scales: {
      x: { time: false, range: () => ends },
      y: plot.log ? { distr: 3, log: 10, range: decades } : plot.percent ? { range: [0, 1] } : {},
    },
    axes: [
      { ...axis, ...(plot.names ? layerAxis(plot) : { label: plot.xLabel, size: 36, ...(plot.whole && { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 1e4, 1e5, 1e6] }) }) },
      { ...axis, label: plot.yLabel, size: 56, ...(plot.log ? logarithmic : plain) },
    ],
    series: [
      { label: plot.names ? "layer" : plot.xLabel, value: (u, i) => (i == null ? "–" : plot.names ? plot.names[i - 1] : String(i)) },
      ...plot.series.map(({ label }, i) => {
        const stroke = resolved(lineColour(i, count));
        const dots = plot.names || plot.x.length <= 20;
        return { label, value, stroke, width: 2, dash: count <= 8 && i % 2 ? [6, 4] : undefined, points: { show: dots && plot.x.length <= 60, size: 7, fill: stroke } };
      }),
    ],
  };
}

function draw(i) {
  const at = document.getElementById("plot-" + i);
  const width = Math.floor(at.clientWidth);
  if (width === 0) return;
  drawn[i]?.destroy();
  drawn[i] = new uPlot(optionsOf(plots[i], width), [plots[i].x, ...plots[i].series.map(({ values }) => values)], at);
  at.dataset.width = width;
}
const drawAll = () => plots.forEach((_, i) => draw(i));

drawAll();
new ResizeObserver(() => {
  plots.forEach((_, i) => {
    const at = document.getElementById("plot-" + i);
    if (Math.floor(at.clientWidth) !== Number(at.dataset.width)) draw(i);
  });
}).observe(document.body);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
matchMedia("print").addEventListener("change", drawAll);
`;
