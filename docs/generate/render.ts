// Pages of the reference as markdown.

import type { ActivationRow } from "../../src/activations/define.js";
import type { FamilyRow } from "../../src/family.js";
import type { Option, PublicFunction } from "./api.js";
import { defaultsOf } from "./defaults.js";
import type { CodeRow } from "./errorCodes.js";
import { figureOf } from "./figures/index.js";

export interface Member extends PublicFunction {
  readonly row?: FamilyRow;
}

export interface Page {
  readonly name: string;
  readonly title: string;
  readonly intro: string;
  readonly members: readonly Member[];
}

export const MADE =
  "<!-- Made from src by `npm run docs`: what is wrong here is to be mended in the docstrings and tables there. -->";

export function referencePage(page: Page): string {
  const sections = page.members.map((member) => memberSection(page, member));
  return `${[MADE, `# ${page.title}`, page.intro, overview(page), ...sections].join("\n\n")}\n`;
}

export function indexPage(pages: readonly Page[]): string {
  const lines = pages.map(
    ({ name, title, members }) =>
      `- **[${title}](${name}.md)**: ${members.map((member) => `[${member.name}](${name}.md#${anchor(member.name)})`).join(", ")}`,
  );
  const diagnosis = "- **[Diagnosis](diagnosis.md)**: every finding, when it is told and on what ground, and its cures";
  const errors = "- **[Errors](errors.md)**: every code, what happened and how to mend it";
  return `${[MADE, "# Reference", "Names and defaults are Keras's, in camelCase; where something differs, its text says so.", [...lines, diagnosis, errors].join("\n")].join("\n\n")}\n`;
}

export function errorsPage(codes: readonly CodeRow[]): string {
  const intro =
    "Every error that the library throws on purpose is a `LanewiseError` with a `code`, which stays the same: the one thing to test for. " +
    "The message says what happened, with the values, what was expected and how to mend it. Bad input is refused before anything is changed.";
  const example = '```ts\ntry {\n  await loadModel("model.safetensors");\n} catch (error) {\n  if (!(error instanceof LanewiseError && error.code === "files/not-found")) throw error;\n}\n```'; // prettier-ignore
  const groups = [...new Set(codes.map(({ code }) => code.split("/")[0]!))].map((group) => {
    const rows = codes
      .filter(({ code }) => code.startsWith(`${group}/`))
      .map(({ code, classes, text }) => [`\`${code}\``, classes.join(", "), text]);
    return `## ${group}\n\n${table(["code", "class", "what happened, and how to mend it"], rows)}`;
  });
  return `${[MADE, "# Errors", intro, example, ...groups].join("\n\n")}\n`;
}

/** A page's members at a glance. */
function overview({ name, members }: Page): string {
  const link = (member: Member) => `[${member.name}](#${anchor(member.name)})`;
  if (!members.some(({ row }) => row)) return members.map(link).join(" · ");
  if (name === "activations") {
    const rows = members.map((member) => [
      link(member),
      code(member.row!.formula),
      (member.row as ActivationRow).initializer,
    ]);
    return table(["", "formula", "auto"], rows);
  }
  return table(["", "formula"], members.map((member) => [link(member), member.row ? code(member.row.formula) : firstSentence(member.text)])); // prettier-ignore
}

function memberSection(page: Page, member: Member): string {
  const { name, row, throws, examples } = member;
  const defaults = row ? row.options : defaultsOf(member);
  const options = optionsOf(page, member);
  const figure = row && figureOf(page.name, name);
  const parts = [
    `## ${name}`,
    figure && `![${figure.alt}](${figure.path})`,
    `\`\`\`ts\n${signature(member, options, defaults)}\n\`\`\``,
    row && !saysWithin(member.text, row.formula) && code(row.formula),
    withoutFormula(member.text, row?.formula),
    parameterList(member),
    options.length > 0 && optionTable(options, defaults),
    throws.length > 0 && `Throws ${throws.map(linked).join("; ")}.`,
    row?.paper && `Paper: ${linked(row.paper)}`,
    ...examples.map((example) => `\`\`\`ts\n${example}\n\`\`\``),
  ];
  return parts.filter(Boolean).join("\n\n");
}

/** What a member takes of its own: what all layers take stands once, above. */
function optionsOf({ name }: Page, { parameters }: Member): Option[] {
  const options = parameters.flatMap((parameter) => parameter.options);
  return name === "layers" ? options.filter(({ owner }) => owner !== "LayerOptions") : options;
}

function signature(member: Member, options: readonly Option[], defaults: Readonly<Record<string, unknown>>): string {
  const parameters = member.parameters.flatMap(({ name, type, optional, options: all }) => {
    if (all.length === 0 && name === "options" && optional) return [];
    if (all.length === 0) return `${name}${optional ? "?" : ""}: ${type}`;
    if (options.length === 0) return `${name}?`;
    const inner = options.map((option) => {
      const value = defaults[option.name];
      return value === undefined ? `${option.name}${option.optional ? "?" : ""}` : `${option.name} = ${shown(value)}`;
    });
    return `{ ${inner.join(", ")} }`;
  });
  const line = `${member.name}(${parameters.join(", ")})`;
  return line.length <= 100
    ? line
    : line.replace(/\{ (.*) \}/, (_, inner: string) => `{\n  ${inner.replaceAll(", ", ",\n  ")},\n}`);
}

function parameterList({ parameters }: Member): string {
  return parameters.filter(({ text }) => text !== "").map(({ name, text }) => `- \`${name}\`: ${linked(text)}`).join("\n"); // prettier-ignore
}

function optionTable(options: readonly Option[], defaults: Readonly<Record<string, unknown>>): string {
  const rows = options.map(({ name, type, optional, text }) => {
    const value = defaults[name];
    return [
      code(name),
      code(type),
      value === undefined ? (optional ? "" : "required") : code(shown(value)),
      linked(text),
    ];
  });
  return table(["option", "type", "default", ""], rows);
}

/** A default as it would be written. */
function shown(value: unknown): string {
  if (typeof value !== "object" || value === null)
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  const { name, ...options } = value as { name?: string };
  const inner = Object.entries(options).map(([key, option]) => `${key}: ${shown(option)}`);
  if (name === undefined) return `{ ${inner.join(", ")} }`;
  return inner.length === 0 ? JSON.stringify(name) : `${name}({ ${inner.join(", ")} })`;
}

/** The docstring without the formula that it begins with: that one stands above it. */
function withoutFormula(text: string, formula: string | undefined): string {
  if (formula === undefined || !text.startsWith(formula)) return linked(text);
  const rest = text.slice(formula.length).replace(/^[\s,;.:]+/, "");
  return linked(rest.charAt(0).toUpperCase() + rest.slice(1));
}

/** Whether the docstring has the formula in its midst, though with narrower gaps. */
function saysWithin(text: string, formula: string): boolean {
  return !text.startsWith(formula) && text.includes(formula.replace(/\s+/g, " "));
}

/** arXiv's numbers, DOIs and addresses as links. */
export function linked(text: string): string {
  return text
    .replace(/(?<![<(\w/])https?:\/\/[^\s,;)]+[^\s,;).]/g, (url) => `<${url}>`)
    .replace(/arXiv:(\d{4}\.\d{4,5})/g, "[arXiv:$1](https://arxiv.org/abs/$1)");
}

function firstSentence(text: string): string {
  return /^.*?[.:](?=\s|$)/s.exec(text)?.[0] ?? text;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("\n", " ").replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}

export function code(text: string): string {
  return text === "" ? "" : `\`${text}\``;
}

/** As GitHub names a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}
