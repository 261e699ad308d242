// Small experiments on what makes deep networks learn; what they measured is in docs/essentials.md.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LanewiseError } from "lanewise";
import { contextOf, SEEDS } from "./context.js";
import { loadData, type StudyData } from "./data.js";
import { draw } from "./draw.js";
import { verdictOf } from "./experiment.js";
import { EXPERIMENTS } from "./experiments/index.js";
import { type EssentialsOptions, help, readOptions } from "./options.js";
import { page, type Section, sectionText } from "./page.js";
import { type Drawing, loadDrawing } from "./plot.js";

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), EXPERIMENTS.length);
  if (options === "help") return console.log(help(EXPERIMENTS.map(({ title }) => title)).trimEnd());
  // Said before the minutes, not after them.
  const drawing = options.out === undefined ? undefined : await loadDrawing();
  const data = await loadData(options.data);
  console.log(
    `Data: ${data.name}. ${options.quick ? "Quick: these figures mean nothing." : `Seeds: ${SEEDS.join(", ")}.`}`,
  );
  const sections = await run(data, options);
  if (options.only !== undefined) sections.forEach((section) => console.log(`\n${sectionText(section)}`));
  if (drawing !== undefined) await write(sections, data, options, drawing);
}

async function run(data: StudyData, { only, quick, machine }: EssentialsOptions): Promise<Section[]> {
  const sections: Section[] = [];
  for (const [i, experiment] of EXPERIMENTS.entries()) {
    if (only !== undefined && only !== i + 1) continue;
    const began = performance.now();
    const say = (progress: string) => console.log(`${i + 1}  ${experiment.title}: ${progress}`);
    const outcome = await experiment.run(contextOf(data, { quick, machine }, say));
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    say(`${verdictOf(outcome.parts)} (${seconds} s)`);
    sections.push({ number: i + 1, experiment, outcome });
  }
  return sections;
}

async function write(
  sections: readonly Section[],
  data: StudyData,
  { out, only, quick, data: folder }: EssentialsOptions,
  drawing: Drawing,
): Promise<void> {
  const pictures = join(out!, "essentials");
  await mkdir(pictures, { recursive: true });
  for (const { outcome } of sections) {
    await writeFile(join(pictures, `${outcome.figure.name}.svg`), draw(outcome.figure, drawing));
  }
  if (only !== undefined) return;
  const command =
    folder === undefined
      ? "npm run essentials            # with -- --data DIR on MNIST: DIR holds its four IDX files"
      : "npm run essentials -- --data DIR            # DIR: MNIST's four IDX files; without it, the digits that come with lanewise";
  const text = page(sections, { data: data.name, seeds: quick ? 1 : SEEDS.length, command });
  await writeFile(join(out!, "essentials.md"), text);
  console.log(`Written: ${join(out!, "essentials.md")} and its figures`);
}

try {
  await main();
} catch (error) {
  const known = error instanceof LanewiseError || error instanceof Error;
  console.error(`essentials: ${known ? error.message : String(error)}`);
  process.exitCode = 1;
}
