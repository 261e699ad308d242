import { LOSS_VALUE } from "../../assembly/shared/losses.js";
import { knownOptions, show } from "../check.js";
import { type CustomConfig, naming, overDefaults, plainDefaults } from "../custom.js";
import { ConfigError } from "../errors.js";
import { Ops, type OpValue } from "../ops/index.js";
import type { GraphBuilder } from "../program/builder.js";
import { formatValue, type Value } from "../program/graph.js";
import { sameShape } from "../shape.js";
import { type CustomLoss, DEFINITION, LOSSES, type LossRow } from "./table.js";

export interface LossDefinition<Config extends CustomConfig> {
  /** As it stands in files: begins with a letter, and is no loss that the library has. */
  name: string;
  /** Options and their defaults: plain JSON. */
  config?: Config;
  /** How a row of targets tells its class, where it has one: then "accuracy" and class weights have a meaning. */
  classes?: "oneHot" | "binary";
  /** The loss, from predictions and targets of the output's shape: of any width, which is averaged over. */
  emit: (context: { readonly ops: Ops; readonly config: Config }, predictions: OpValue, targets: OpValue) => OpValue;
}

/** Makes a loss; also what `customObjects` takes to load a file that has one. */
export type DefinedLoss<Config> = (options?: Partial<Config>) => CustomLoss;

const OPTIONS = { name: true, config: true, classes: true, emit: true };
const ACCURACY = { oneHot: "categoricalAccuracy", binary: "binaryAccuracy" } as const;

/**
 * A loss of your own, from ops; its gradient follows by itself. Targets are rows of the output's shape.
 *
 * @returns A factory, called with options that stand over those of `config`
 * @throws ConfigError for a definition that is none; what `emit` does wrong is named by `compile`
 * @example
 * const quartic = defineLoss({
 *   name: "quartic",
 *   config: { factor: 1 },
 *   emit: ({ ops, config }, predictions, targets) =>
 *     ops.mul(ops.square(ops.square(ops.sub(predictions, targets))), config.factor),
 * });
 * model.compile({ optimizer: "adam", loss: quartic({ factor: 2 }) });
 */
export function defineLoss<Config extends CustomConfig = Record<never, never>>(
  definition: LossDefinition<Config>,
): DefinedLoss<Config> {
  const { name, config, classes, emit } = knownOptions<LossDefinition<Config>>(definition, "defineLoss()", OPTIONS);
  if (typeof name !== "string" || !/^[A-Za-z]\w*$/.test(name) || Object.hasOwn(LOSSES.rows, name)) {
    throw new ConfigError(
      "config/bad-name",
      `name must be a name such as "quartic", of no loss that there is already; got ${show(name)}.`,
    );
  }
  if (typeof emit !== "function") throw new ConfigError("config/bad-loss", `${name} needs an emit function.`);
  if (classes !== undefined && !Object.hasOwn(ACCURACY, classes)) {
    throw new ConfigError("config/bad-loss", `classes of ${name} must be "oneHot" or "binary"; got ${show(classes)}.`);
  }
  const defaults = plainDefaults(name, (config ?? {}) as Config, ["name"]);
  const row: LossRow = {
    op: "loss",
    code: LOSS_VALUE,
    targets: "rows",
    options: defaults,
    formula: "of one's own",
    ...(classes && { classes, accuracy: ACCURACY[classes] }),
  };
  return (options = {}) => {
    const given = overDefaults(name, defaults, knownOptions<CustomConfig>(options, `${name}(options)`, defaults));
    const values = (b: GraphBuilder, output: Value, targets: Value) => {
      const ops = new Ops(b);
      const parts = [ops.adopt(output), ops.adopt(targets)] as const;
      const value = naming(name, () => ops.own(emit({ ops, config: given }, ...parts), "what emit returns"));
      refuseOtherRows(name, value, output);
      return value;
    };
    return Object.freeze({ ...given, name, [DEFINITION]: { row, values } });
  };
}

/** Each of the output's rows, to be weighted, has its loss. */
function refuseOtherRows(name: string, value: Value, output: Value): void {
  if (value.perRow && sameShape(value.shape.slice(0, -1), output.shape.slice(0, -1))) return;
  throw new ConfigError(
    "config/bad-loss",
    `emit of ${name} must return a loss for each row of the output ${formatValue(output)}: a value that differs in the last axis alone; got ${formatValue(value)}.`,
  );
}
