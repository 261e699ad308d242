// Why it is not learning: findings with their evidence and cures, and what came of cures that were tried.

import type { Cure, Finding, Problem, TriedCure } from "lanewise";
import { labelOf } from "../setup/cures.js";
import { at, figure, h, percent, setText } from "./dom.js";

/** What the diagnosis looks for, in words. */
const PROBLEMS: Readonly<Record<Problem, string>> = {
  vanishingGradient: "Vanishing gradient",
  explodingGradient: "Exploding gradient",
  saturation: "Saturated outputs",
  deadUnits: "Dead units",
  learningRateTooLow: "Learning rate too low",
  learningRateTooHigh: "Learning rate too high",
  unscaledInput: "Unscaled inputs",
  constantFeature: "Constant columns",
  labelImbalance: "Rare classes",
  nonFinite: "Numbers not finite",
};

interface Actions {
  readonly apply: (remedy: readonly Cure[]) => void;
  readonly stopTrying: () => void;
  readonly report: () => void;
}

export class DiagnosisPanel {
  readonly #findings = h("div", {});
  readonly #tried = h("div", {});
  readonly #looked = h("ul", { class: "looked" });
  readonly #actions: Actions;
  #told = "";
  #progress: HTMLProgressElement | undefined;
  #trying: HTMLElement | undefined;

  constructor(actions: Actions) {
    this.#actions = actions;
    const report = h(
      "button",
      { type: "button", class: "small", id: "report", onclick: actions.report },
      "Full report",
    );
    const head = h("div", { class: "head" }, h("h2", { id: "diagnosis-title" }, "Diagnosis"), report);
    at("diagnosis").append(
      head,
      this.#findings,
      this.#tried,
      h("p", { class: "subhead" }, "What it looks for"),
      this.#looked,
    );
    this.clear();
  }

  clear(): void {
    this.#told = "";
    this.#findings.replaceChildren(h("p", { class: "note" }, "Looking at the network…"));
    this.#tried.replaceChildren();
    this.#list([]);
  }

  /** The same as before is left alone: a reader may be at one of its buttons. */
  show(findings: readonly Finding[]): void {
    const told = JSON.stringify(findings.map(({ severity, problem, layer }) => [severity, problem, layer]));
    if (told === this.#told) return;
    this.#told = told;
    const errors = findings.filter(({ severity }) => severity === "error").length;
    const well = "Nothing seen that keeps it from learning.";
    const verdict =
      errors > 0 ? "It will not learn like this." : findings.length > 0 ? "It learns worse than it could." : well;
    this.#findings.replaceChildren(
      h("p", { class: `verdict${findings.length === 0 ? " well" : ""}` }, verdict),
      ...findings.map((finding) => this.#finding(finding)),
    );
    this.#list(findings);
  }

  #list(findings: readonly Finding[]): void {
    const items = Object.entries(PROBLEMS).map(([problem, words]) => {
      const found = findings.find((finding) => finding.problem === problem);
      return h(
        "li",
        found ? { class: found.severity } : {},
        words,
        h("span", { class: "hidden" }, found ? ": found" : ": not found"),
      );
    });
    this.#looked.replaceChildren(...items);
  }

  trying(share: number, cure: string): void {
    if (!this.#trying) {
      this.#progress = h("progress", { max: 1, "aria-label": "Cures tried" });
      const stop = h("button", { type: "button", class: "small", onclick: this.#actions.stopTrying }, "Stop");
      this.#trying = h("div", { class: "trying" }, h("span", {}), this.#progress, stop);
      this.#tried.replaceChildren(this.#trying);
    }
    this.#progress!.value = share;
    setText(this.#trying.firstElementChild!, cure === "" ? "Trying cures…" : `Tried: ${cure}`);
  }

  stopTrying(): void {
    this.#trying = undefined;
    this.#tried.replaceChildren();
  }

  /** @param apply Of these cures another one, to the network that they were tried on. */
  tried(cures: readonly TriedCure[], applied: TriedCure | undefined, apply: (cure: TriedCure) => void): void {
    this.stopTrying();
    const [first] = cures;
    if (!first) return;
    const share = (value: number) => (first.measure === "held-out loss" ? figure(value) : percent(value, 0));
    const items = cures.map((cure) => {
      const { median, remedy, measure } = cure;
      const bar = h("i", { "aria-hidden": "true" });
      bar.style.setProperty("--share", String(measure === "held-out loss" || Number.isNaN(median) ? 0 : median));
      const what = remedy.length === 0 ? "As it was" : labelOf(remedy);
      const button = h("button", { type: "button", class: "small", onclick: () => apply(cure) }, "Apply");
      const own = applied === cure ? h("span", { class: "note" }, "applied") : button;
      const end = remedy.length === 0 ? "" : own;
      return h(
        "li",
        { class: remedy.length === 0 ? "plain" : "" },
        h("b", {}, share(median)),
        h("div", {}, capital(what), bar),
        end,
      );
    });
    const title = `${capital(first.measure)} after a short training with each cure, the median of ${first.scores.length}:`;
    this.#tried.replaceChildren(h("p", { class: "note" }, title), h("ul", { class: "cures" }, ...items));
  }

  #finding({ severity, problem, layer, evidence, cure, remedies }: Finding): HTMLElement {
    const title = h(
      "h3",
      {},
      h("b", {}, severity),
      PROBLEMS[problem],
      h("span", {}, layer === undefined ? "" : ` in ${layer}`),
    );
    const buttons = remedies.map((remedy) => {
      const apply = () => this.#actions.apply([remedy]);
      return h("button", { type: "button", class: "small", onclick: apply }, capital(labelOf([remedy])));
    });
    return h(
      "article",
      { class: `finding ${severity}` },
      title,
      h("p", {}, `${capital(evidence)}.`),
      h("p", { class: "cure" }, cure),
      h("div", { class: "remedies" }, ...buttons),
    );
  }
}

function capital(text: string): string {
  return `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}`;
}
