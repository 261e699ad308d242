// The page of what a diagnosis finds, from the tables of rules and of cures.

import { codeOfCure, type Cure, type CureKind, CURES } from "../../src/diagnostics/cures.js";
import { type Rule, RULES } from "../../src/diagnostics/findings.js";
import { code, linked, MADE, table } from "./render.js";

const INTRO =
  "`model.diagnose(x, y)` looks at every layer over some of the rows, trains a copy for a few steps, and tells what it finds: an _error_ where the network will not learn like this, " +
  "a _warning_ where it learns worse than it could. [gradientHealth](callbacks.md#gradienthealth) tells the same while a network trains, as far as that can be told without the data. " +
  "A network that has learned, or learns in the trial, is not told of what would keep it from that. How often it is right: [a study](../studies/diagnosis.md).";
const EXAMPLE =
  "```ts\nconst report = await model.diagnose(x, y, { tryCures: true });\nreport.findings; // [] where all is well\nreport.cures; // those that were tried, the best first\nconsole.log(report.toString());\n```";
const CURES_INTRO =
  "A finding names its cures, the likeliest first. With `tryCures: true` each is also tried: the network is drawn anew, with the cure and as it is, and trained for `cureSteps` steps by three seeds on four fifths " +
  "of the rows looked at; the others judge, by accuracy where targets are classes (by balanced accuracy, where nearly all are of one), else by the loss. What does not go with the network is left out. " +
  "Where the learning rate is at fault too, the others are also tried with the rate that is told.";

export function diagnosisPage(): string {
  const problems = Object.entries(RULES);
  const cures = Object.entries(CURES).map(([kind, { meaning }]) => [code(kind), meaning, exampleOf(kind as CureKind)]);
  const parts = [
    MADE,
    "# Diagnosis",
    INTRO,
    EXAMPLE,
    table(
      ["problem", "what it means"],
      problems.map(([name, { meaning }]) => [`[${name}](#${name.toLowerCase()})`, meaning]),
    ),
    ...problems.map(([name, rule]) => section(name, rule)),
    "## Cures",
    CURES_INTRO,
    table(["cure", "what it does", "as code"], cures),
  ];
  return `${parts.join("\n\n")}\n`;
}

function section(name: string, { meaning, threshold, source, cures, advice }: Rule): string {
  const kinds = cures.map((kind) => `- [${kind}](#cures): ${exampleOf(kind)}`);
  const parts = [
    `## ${name}`,
    sentence(meaning),
    `When: ${threshold}.${source === undefined ? "" : ` Source: ${linked(source)}.`}`,
    kinds.length > 0 && `Cures:\n\n${kinds.join("\n")}`,
    advice,
  ];
  return parts.filter(Boolean).join("\n\n");
}

function exampleOf(kind: CureKind): string {
  return code(codeOfCure({ kind, ...CURES[kind].example } as Cure));
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}
