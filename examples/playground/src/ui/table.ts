// Below the choice of the data: a file of one's own, and what of it is to be told.

import type { TableChoice, Task } from "../data/sets.js";
import type { TableColumn } from "../worker/messages.js";
import { counted } from "../data/csv.js";
import { h, setText } from "./dom.js";

interface OpenTable {
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly TableColumn[];
}

const TASKS: readonly { readonly value: Task; readonly label: string }[] = [
  { value: "classes", label: "a class" },
  { value: "numbers", label: "a number" },
];

export class TableChooser {
  readonly element: HTMLElement;
  readonly #about = h("p", {});
  readonly #targets = h("select", { id: "target", onchange: () => this.#retarget() });
  readonly #tasks = h("select", { id: "task", onchange: () => this.#onChoice() });
  readonly #choices: HTMLElement;
  readonly #onChoice: () => void;
  #table: OpenTable | undefined;

  constructor(onFile: (file: File) => void, onChoice: () => void) {
    this.#onChoice = onChoice;
    const input = h("input", {
      type: "file",
      class: "file",
      id: "csv",
      accept: ".csv,.tsv,.txt,text/csv",
      onchange() {
        const file = input.files?.[0];
        input.value = "";
        if (file) onFile(file);
      },
    });
    this.#tasks.append(...TASKS.map(({ value, label }) => h("option", { value }, label)));
    this.#choices = h(
      "div",
      { hidden: true },
      h("div", { class: "field" }, h("label", { for: "target" }, "Learn to tell"), this.#targets),
      h("div", { class: "field" }, h("label", { for: "task" }, "which is"), this.#tasks),
    );
    const button = h("label", { class: "button small", for: "csv" }, "Choose a file…");
    this.element = h("div", { class: "table-of", hidden: true }, input, button, this.#about, this.#choices);
    this.#tell();
  }

  get choice(): TableChoice | undefined {
    return this.#table && { target: this.#targets.value, task: this.#tasks.value as Task };
  }

  show(table: OpenTable): void {
    this.#table = table;
    this.#targets.replaceChildren(...table.columns.map(({ name }) => h("option", { value: name }, name)));
    this.#targets.value = table.columns.at(-1)!.name;
    this.#choices.hidden = false;
    this.#tell();
    this.#retarget();
  }

  #retarget(): void {
    const column = this.#table!.columns.find(({ name }) => name === this.#targets.value)!;
    this.#tasks.value = column.task;
    this.#tasks.options[1]!.disabled = !column.numeric;
    this.#onChoice();
  }

  #tell(): void {
    const about = this.#table
      ? `${this.#table.name}: ${counted(this.#table.rows, "row")}, ${counted(this.#table.columns.length, "column")}.`
      : "Rows of numbers, separated by commas, semicolons or tabs; at most 20 MB. You can also drop it anywhere.";
    setText(this.#about, about);
  }
}
