import { knownOptions, positiveInteger } from "../check.js";
import type { DiagnosisReport } from "../diagnostics/diagnosisReport.js";
import type { Facts } from "../diagnostics/facts.js";
import type { Observation } from "../diagnostics/observation.js";
import type { Course, Finding, ReportData } from "../diagnostics/report.js";
import type { Callback } from "../model/callback.js";
import { layerReport, ratioOf } from "../model/layerReport.js";

export interface GradientHealthOptions {
  /** Look at every so many optimizer steps (default 10). */
  every?: number;
}

/** A callback that knows how the network is doing. */
export interface GradientHealth extends Callback {
  /** What is wrong as of the last step that was looked at; none where all is well. */
  readonly findings: readonly Finding[];
  /** The layers as they were then, and update ratios and losses over the whole training. */
  report(): DiagnosisReport;
}

/** Steps that are kept: beyond, every other one is dropped. */
const MOST_STEPS = 512;

interface Seen {
  readonly step: number;
  readonly loss: number;
  readonly ratios: Readonly<Record<string, number | undefined>>;
}

/**
 * Looks at gradients, activations and updates while the network trains, and says what is wrong: the findings of
 * `model.diagnose` that can be told without the data. It changes no bit of the training.
 *
 * @throws ConfigError `config/not-a-positive-integer`
 * @example
 * const health = gradientHealth({ every: 10 });
 * await model.fit(x, y, { epochs: 3, callbacks: [health] });
 * health.findings; // [] where all is well
 * const page = health.report().toHtml();
 */
export function gradientHealth(options: GradientHealthOptions = {}): GradientHealth {
  const { every = 10 } = knownOptions<GradientHealthOptions>(options, "gradientHealth", { every: true });
  positiveInteger(every, "every of gradientHealth");
  let rules: typeof import("../diagnostics/findings.js") | undefined;
  let reports: typeof import("../diagnostics/diagnosisReport.js") | undefined;
  let page: typeof import("../diagnostics/page.js") | undefined;
  let seen: Seen[] = [];
  let epochs: Record<string, number[]> = {};
  let last: Observation | undefined;
  let findings: readonly Finding[] = [];

  return {
    name: "gradientHealth",
    observeEvery: every,
    get findings() {
      return findings;
    },
    report() {
      const data: ReportData = {
        subject: last ? `step ${last.step}, ${last.layers.length} layers` : "no step was looked at",
        layers: last?.layers.map((layer) => layerReport(layer, ratioOf(layer))) ?? [],
        findings,
        course: courseOf(seen, epochs),
      };
      return new reports!.DiagnosisReport(data, page!.pageOf);
    },
    async onTrainBegin(_logs, { resumed }) {
      rules = await import("../diagnostics/findings.js");
      reports = await import("../diagnostics/diagnosisReport.js");
      page = await import("../diagnostics/page.js");
      if (!resumed) [seen, epochs, last, findings] = [[], {}, undefined, []];
    },
    onObservation(observation, logs, { model }) {
      last = observation;
      const ratios = Object.fromEntries(observation.layers.map((layer) => [layer.name, ratioOf(layer)]));
      seen.push({ step: observation.step, loss: logs.loss ?? NaN, ratios });
      if (seen.length > MOST_STEPS) seen = seen.filter((_, i) => i % 2 === 0);
      findings = rules!.findingsOf(factsOf(observation, seen, model.learningRate));
    },
    onEpochEnd(_epoch, logs) {
      for (const [name, value] of Object.entries(logs)) (epochs[name] ??= []).push(value);
    },
    getState: () => ({ seen, epochs }),
    setState(state) {
      const kept = state as { seen?: Seen[]; epochs?: Record<string, number[]> } | null;
      if (Array.isArray(kept?.seen)) seen = kept.seen;
      if (typeof kept?.epochs === "object" && kept.epochs !== null) epochs = kept.epochs;
    },
  };
}

/** What can be told from within: the data themselves are not seen here. */
function factsOf(observation: Observation, seen: readonly Seen[], learningRate: number): Facts {
  const [first, latest] = [seen[0]!, seen.at(-1)!];
  const ratios = Object.values(latest.ratios).filter((ratio) => ratio !== undefined);
  ratios.sort((a, b) => a - b);
  return {
    observation,
    inputs: [],
    entry: { rms: 1, normalized: true },
    classes: [],
    trial: {
      steps: latest.step - first.step,
      learningRate,
      before: first.loss,
      middle: seen[seen.length >> 1]!.loss,
      after: latest.loss,
      updateRatio: ratios[ratios.length >> 1] ?? 0,
    },
    trivialLoss: undefined,
    // Whether it has begun to learn is not known before some steps: until then nothing keeps it from it for certain.
    early: latest.step - first.step < 20,
  };
}

function courseOf(seen: readonly Seen[], epochs: Readonly<Record<string, readonly number[]>>): Course {
  const names = new Set(seen.flatMap(({ ratios }) => Object.keys(ratios)));
  return {
    steps: seen.map(({ step }) => step),
    loss: seen.map(({ loss }) => loss),
    updateRatio: Object.fromEntries([...names].map((name) => [name, seen.map(({ ratios }) => ratios[name])])),
    epochs: Object.fromEntries(Object.entries(epochs).map(([name, values]) => [name, [...values]])),
  };
}
