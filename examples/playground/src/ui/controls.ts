// Controls for the fields of the set-up, made from their table.

import { isToy } from "../data/names.js";
import type { Choice, Field, PartField, Range } from "../setup/fields.js";
import { optionsOf, type Part } from "../setup/parts.js";
import { type FieldName, FIELDS, readField, type Setup } from "../setup/setup.js";
import { figure, h, setText } from "./dom.js";

interface Group {
  readonly title: string;
  readonly fields: readonly FieldName[];
}

const GROUPS: readonly Group[] = [
  { title: "Data", fields: ["data", "rows", "noise", "scaleInputs", "weighClasses"] },
  {
    title: "Network",
    fields: ["depth", "width", "shape", "activation", "initializer", "normalization", "dropout", "maxNorm"],
  },
  { title: "Training", fields: ["optimizer", "batchSize", "clip", "clipAt", "epochs", "seed"] },
];

/** Fields that mean something only beside others. */
const SHOWN: Partial<Record<FieldName, (setup: Setup) => boolean>> = {
  rows: ({ data }) => isToy(data),
  noise: ({ data }) => isToy(data),
  weighClasses: ({ data }) => data === "csv",
  width: ({ depth }) => depth > 0,
  shape: ({ depth }) => depth > 1,
  activation: ({ depth }) => depth > 0,
  initializer: ({ depth }) => depth > 0,
  normalization: ({ depth }) => depth > 0,
  dropout: ({ depth }) => depth > 0,
  maxNorm: ({ depth }) => depth > 0,
  clipAt: ({ clip }) => clip !== "none",
};

type Change = (name: FieldName, value: unknown) => void;

interface Control {
  readonly element: HTMLElement;
  readonly show: (value: unknown) => void;
}

export interface Controls {
  readonly show: (setup: Setup) => void;
}

/** @param besideData What stands below the choice of the data. */
export function makeControls(form: HTMLElement, besideData: HTMLElement, onChange: Change): Controls {
  const controls = new Map<FieldName, Control>();
  for (const { title, fields } of GROUPS) {
    const own = fields.map((name) => {
      const control = controlOf(name, FIELDS[name], onChange);
      controls.set(name, control);
      return control.element;
    });
    if (title === "Data") own.splice(1, 0, besideData);
    form.append(h("fieldset", {}, h("legend", {}, title), h("div", {}, ...own)));
  }
  return {
    show(setup) {
      for (const [name, control] of controls) {
        control.show(setup[name]);
        control.element.hidden = !(SHOWN[name]?.(setup) ?? true);
      }
    },
  };
}

function controlOf(name: FieldName, field: Field, onChange: Change): Control {
  switch (field.kind) {
    case "choice":
      return choiceOf(name, field, onChange);
    case "range":
      return rangeOf(name, field, onChange);
    case "number":
      return numberOf(name, field.label, field.help, (text) => onChange(name, readField(name, text)));
    case "toggle":
      return toggleOf(name, field.label, field.help, (checked) => onChange(name, checked));
    case "part":
      return partOf(name, field, onChange);
  }
}

/** A label, its control, and what helps below. */
function fieldOf(id: string, label: string, help: string | undefined, ...controls: HTMLElement[]): HTMLElement {
  const hint = help ? [h("p", { class: "help", id: `${id}-help` }, help)] : [];
  if (help) controls[0]!.setAttribute("aria-describedby", `${id}-help`);
  return h("div", { class: "field" }, h("label", { for: id }, label), ...controls, ...hint);
}

function choiceOf(name: FieldName, { label, help, options }: Choice | Choice<number>, onChange: Change): Control {
  const choices = options.map(({ value, label }) => h("option", { value }, label));
  const select = h("select", { id: name, onchange: () => onChange(name, readField(name, select.value)) }, ...choices);
  return { element: fieldOf(name, label, help, select), show: (value) => void (select.value = String(value)) };
}

function rangeOf(name: FieldName, { label, help, min, max, step, none }: Range, onChange: Change): Control {
  const told = (value: number) => (value === min && none ? none : figure(value));
  const output = h("output", { for: name });
  const input = h("input", {
    type: "range",
    id: name,
    min,
    max,
    step,
    oninput() {
      show(Number(input.value));
      onChange(name, Number(input.value));
    },
  });
  const show = (value: number) => {
    if (Number(input.value) !== value) input.value = String(value);
    setText(output, told(value));
    input.setAttribute("aria-valuetext", told(value));
  };
  const element = fieldOf(name, label, help, input);
  input.before(output);
  return { element, show: (value) => show(value as number) };
}

/** What is no such number is told below, and changes nothing. */
function numberOf(id: string, label: string, help: string | undefined, change: (text: string) => void): Control {
  const wrong = h("p", { class: "wrong", id: `${id}-wrong`, role: "alert", hidden: true });
  const input = h("input", {
    type: "number",
    id,
    step: "any",
    onchange() {
      try {
        change(input.value);
        tell("");
      } catch (error) {
        tell((error as Error).message);
      }
    },
  });
  const tell = (message: string) => {
    wrong.hidden = message === "";
    setText(wrong, message);
    input.setAttribute("aria-invalid", String(message !== ""));
    input.setAttribute("aria-errormessage", wrong.id);
  };
  const element = fieldOf(id, label, help, input);
  element.append(wrong);
  return {
    element,
    show(value) {
      if (document.activeElement === input && Number(input.value) === value) return;
      input.value = String(value);
      tell("");
    },
  };
}

function toggleOf(id: string, label: string, help: string | undefined, change: (on: boolean) => void): Control {
  const input = h("input", { type: "checkbox", id, onchange: () => change(input.checked) });
  return { element: fieldOf(id, label, help, input), show: (value) => void (input.checked = value === true) };
}

/** A name, and the options that the library's table gives it: where there are many, the first of them and "More". */
function partOf(name: FieldName, { label, help, family }: PartField, onChange: Change): Control {
  const choices = family.names.map((value) => h("option", { value }, value));
  const select = h("select", { id: name, onchange: () => onChange(name, family.make(select.value)) }, ...choices);
  const options = h("div", { class: "options" });
  let shown: Part | undefined;
  let controls: readonly { option: string; control: Control }[] = [];

  const optionControl = (option: string, value: number | boolean): Control => {
    const id = `${name}-${option}`;
    const change = (given: unknown) => onChange(name, readField(name, { ...shown, [option]: given }));
    if (typeof value === "boolean") return toggleOf(id, option, undefined, change);
    return numberOf(id, option, undefined, (text) => change(text === "" ? NaN : Number(text)));
  };
  const rebuild = (part: Part) => {
    controls = optionsOf(part).map(([option, value]) => ({ option, control: optionControl(option, value) }));
    const elements = controls.map(({ control }) => control.element);
    const first = elements.splice(0, elements.length > 2 ? 1 : 2);
    const more = elements.length > 0 ? [h("details", {}, h("summary", {}, "More"), ...elements)] : [];
    options.replaceChildren(...first, ...more);
    options.hidden = controls.length === 0;
  };
  return {
    element: h("div", {}, fieldOf(name, label, help, select), options),
    show(value) {
      const part = value as Part;
      const other = shown?.name !== part.name;
      shown = part;
      select.value = part.name;
      if (other) rebuild(part);
      for (const { option, control } of controls) control.show(part[option]);
    },
  };
}
