// Start, pause, step, reset, the pace; and the figures of the moment.

import { PACES, type Pace, type About, type Progress } from "../worker/messages.js";
import { measureOf } from "./charts.js";
import { at, figure, h, setText } from "./dom.js";

interface Actions {
  readonly train: () => void;
  readonly step: () => void;
  readonly reset: () => void;
  readonly break: () => void;
  readonly cure: () => void;
  readonly pace: (pace: Pace) => void;
}

const BUTTONS = ["train", "step", "reset", "break", "cure", "save"] as const;

export class Transport {
  readonly #figures = new Map<string, HTMLElement>();
  #about: About | undefined;

  constructor(actions: Actions) {
    for (const name of ["train", "step", "reset", "break", "cure"] as const) {
      at(name).addEventListener("click", () => actions[name]());
    }
    const paces = PACES.map(({ value, label }) => {
      const checked = value === "watch";
      return h(
        "label",
        {},
        h("input", { type: "radio", name: "pace", value, checked, onchange: () => actions.pace(value) }),
        label,
      );
    });
    at("pace").append(...paces);
  }

  begin(about: About): void {
    this.#about = about;
    const { label } = measureOf(about);
    const names = [
      "Epoch",
      "Loss",
      "Validation loss",
      label,
      `Validation ${label === "R²" ? label : label.toLowerCase()}`,
      "Rows a second",
    ];
    this.#figures.clear();
    const entries = names.map((name) => {
      const value = h("dd", {}, "–");
      this.#figures.set(name, value);
      return h("div", {}, h("dt", {}, name), value);
    });
    at("figures").replaceChildren(...entries);
  }

  enable(can: boolean): void {
    for (const name of BUTTONS) at<HTMLButtonElement>(name).disabled = !can;
  }

  running(runs: boolean): void {
    setText(at("train"), runs ? "Pause" : "Train");
    at<HTMLButtonElement>("step").disabled = runs;
  }

  show({ epoch, epochs, course: { figures }, rowsPerSecond }: Progress): void {
    if (!this.#about) return;
    const { name, told } = measureOf(this.#about);
    const last = (key: string) => figures[key]?.at(-1);
    const values = [
      String(epoch),
      figure(last("loss")),
      figure(last("val_loss")),
      told(last(name)),
      told(last(`val_${name}`)),
      rowsPerSecond > 0 ? rounded(rowsPerSecond) : "–",
    ];
    [...this.#figures.values()].forEach((element, i) => setText(element, values[i]!));
    this.#figures.get("Epoch")!.append(h("small", {}, ` of ${epochs}`));
  }
}

/** 431,234 → "431k" */
function rounded(rows: number): string {
  if (rows < 1000) return rows.toFixed(0);
  return rows < 1e6 ? `${Math.round(rows / 1000)}k` : `${(rows / 1e6).toFixed(1)}M`;
}
