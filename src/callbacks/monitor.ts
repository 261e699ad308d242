import { finiteNumber, numberInRange, show, suggest } from "../check.js";
import { ConfigError } from "../errors.js";
import type { CallbackContext, Logs } from "../model/callback.js";

export interface MonitorOptions {
  /** The figure of the logs that is watched (default "val_loss"). */
  monitor?: string;
  /** Which way is better; "auto" (the default) knows it of the losses and of every metric that is no function. */
  mode?: "auto" | "min" | "max";
}

const MODES = ["auto", "min", "max"];

/** Watches one figure, and tells whether it has become better. */
export class Monitor {
  readonly figure: string;
  readonly #callback: string;
  readonly #mode: "auto" | "min" | "max";
  readonly #minDelta: number;
  #direction: "min" | "max" = "min";

  constructor(callback: string, { monitor = "val_loss", mode = "auto" }: MonitorOptions, minDelta = 0) {
    if (typeof monitor !== "string" || monitor === "") {
      throw new ConfigError(
        "config/unknown-monitor",
        `monitor of ${callback} must be the name of a figure, such as "val_loss"; got ${show(monitor)}.`,
      );
    }
    if (!MODES.includes(mode)) {
      throw new ConfigError(
        "config/bad-mode",
        `mode of ${callback} must be "auto", "min" or "max"; got ${show(mode)}.${suggest(mode, MODES)}`,
      );
    }
    this.figure = monitor;
    this.#callback = callback;
    this.#mode = mode;
    const what = `minDelta of ${callback}`;
    this.#minDelta = numberInRange(finiteNumber(minDelta, what), what, 0, Infinity);
  }

  /**
   * Finds the figure among those of this fit. Its default is not replaced where there is no validation: the loss on the data
   * that are trained on falls nearly always, and watching it would stop nothing, which nobody would see.
   */
  begin({ figures }: CallbackContext): void {
    if (!figures.has(this.figure)) {
      throw new ConfigError(
        "config/unknown-monitor",
        `${this.#callback} monitors "${this.figure}", and the figures of this fit are ${[...figures.keys()].join(", ")}.${this.#cure(figures)}`,
      );
    }
    const known = figures.get(this.figure);
    if (this.#mode === "auto" && known === undefined) {
      throw new ConfigError(
        "config/unknown-direction",
        `${this.#callback} cannot know whether a higher or a lower "${this.figure}" is better. Pass mode: "max" or mode: "min".`,
      );
    }
    this.#direction = this.#mode === "auto" ? known! : this.#mode;
  }

  #cure(figures: CallbackContext["figures"]): string {
    if (!this.figure.startsWith("val_") || figures.has("val_loss")) return suggest(this.figure, [...figures.keys()]);
    const trained = this.figure.slice("val_".length);
    return ` Pass validationSplit or validationData${figures.has(trained) ? `, or monitor: "${trained}"` : ""}.`;
  }

  read(logs: Logs): number {
    return logs[this.figure] ?? NaN;
  }

  /** By more than minDelta better than `best`, or the first; what is not finite never is. */
  improves(current: number, best: number | undefined): boolean {
    if (!Number.isFinite(current)) return false;
    if (best === undefined) return true;
    return this.#direction === "min" ? current + this.#minDelta < best : current - this.#minDelta > best;
  }
}
