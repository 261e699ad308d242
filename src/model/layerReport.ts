import type { LayerObservation } from "../diagnostics/observation.js";
import type { LayerReport } from "../diagnostics/report.js";

/** ‖Δw‖ / ‖w‖ of the step that was observed; undefined where there was none, or nothing to move. */
export function ratioOf({ weights }: LayerObservation): number | undefined {
  const moved = weights.filter(({ updateNorm }) => updateNorm !== undefined);
  const norm = Math.sqrt(moved.reduce((sum, weight) => sum + weight.norm ** 2, 0));
  if (moved.length === 0 || norm === 0) return undefined;
  return Math.sqrt(moved.reduce((sum, weight) => sum + weight.updateNorm! ** 2, 0)) / norm;
}

/** One layer in figures. */
export function layerReport(observation: LayerObservation, updateRatio: number | undefined): LayerReport {
  const { name, className, output, weights, units, deadUnits, saturatedFraction } = observation;
  const gradients = weights.filter(({ gradientNorm }) => gradientNorm !== undefined);
  const norm = (values: readonly number[]) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return {
    name,
    className,
    activationMean: output.mean,
    activationStd: output.std,
    ...(gradients.length > 0 && { gradientNorm: norm(gradients.map(({ gradientNorm }) => gradientNorm!)) }),
    ...(weights.length > 0 && { weightNorm: norm(weights.map((weight) => weight.norm)) }),
    ...(updateRatio !== undefined && { updateRatio }),
    ...(deadUnits !== undefined && { deadFraction: deadUnits / units }),
    ...(saturatedFraction !== undefined && { saturatedFraction }),
    observation,
  };
}
