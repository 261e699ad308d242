import { show, suggest } from "../check.js";
import { ConfigError } from "../errors.js";

interface Placeholder {
  readonly name: string;
  readonly format: (value: number) => string;
}

/** A path in which `{name}`, `{name:03d}` and `{name:.4f}` stand for numbers, as in Python. */
export class PathTemplate {
  /** Text and placeholders in turn. */
  readonly #parts: readonly (string | Placeholder)[];
  readonly #template: string;

  constructor(template: string, what: string) {
    if (typeof template !== "string" || template === "") {
      throw new ConfigError(
        "config/bad-path-template",
        `${what} must be a path, such as "best.safetensors" or "{epoch:03d}-{val_loss:.4f}.safetensors"; got ${show(template)}.`,
      );
    }
    this.#template = template;
    this.#parts = template
      .split(/(\{[^{}]*\})/)
      .map((part, i) => (i % 2 ? placeholder(part, what) : plain(part, what)));
  }

  /** @throws ConfigError `config/unknown-placeholder` */
  refuseOthers(names: readonly string[], what: string): void {
    for (const part of this.#parts) {
      if (typeof part === "string" || names.includes(part.name)) continue;
      throw new ConfigError(
        "config/unknown-placeholder",
        `${what} ${show(this.#template)} names {${part.name}}, which is not known when it is saved.${suggest(part.name, names)} Known are ${names.join(", ")}.`,
      );
    }
  }

  fill(values: Readonly<Record<string, number>>): string {
    return this.#parts.map((part) => (typeof part === "string" ? part : part.format(values[part.name]!))).join("");
  }
}

function plain(text: string, what: string): string {
  if (!/[{}]/.test(text)) return text;
  throw new ConfigError("config/bad-path-template", `${what} has a brace without its other in ${show(text)}.`);
}

const PLACEHOLDER = /^\{([^:]+)(?::(?:0(\d{1,2})d|\.(\d{1,2})f))?\}$/;

function placeholder(text: string, what: string): Placeholder {
  const [, name, digits, places] = PLACEHOLDER.exec(text) ?? [];
  if (name === undefined) {
    throw new ConfigError(
      "config/bad-path-template",
      `${what} has the placeholder ${show(text)}; expected {name}, {name:03d} or {name:.4f}.`,
    );
  }
  const format = (value: number): string => {
    if (digits !== undefined) return String(Math.trunc(value)).padStart(Number(digits), "0");
    return places !== undefined ? value.toFixed(Number(places)) : String(value);
  };
  return { name, format };
}
