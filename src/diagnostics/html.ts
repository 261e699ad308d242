// HTML in which every text is escaped, unless it is marked as HTML.

export interface Html {
  readonly text: string;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** html`<p>${text}</p>` */
export function html(parts: TemplateStringsArray, ...values: readonly (string | number | Html)[]): Html {
  const safe = values.map((value) => (typeof value === "object" ? value.text : escape(String(value))));
  return raw(parts.map((part, i) => part + (safe[i] ?? "")).join(""));
}

/** What is HTML, a style or a script already, and of this library's own making. */
export function raw(text: string): Html {
  return { text };
}

export function join(parts: readonly Html[]): Html {
  return raw(parts.map(({ text }) => text).join(""));
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ENTITIES[letter]!);
}

/** Figures for those who do not see the plot. */
export function table(titles: readonly string[], rows: readonly (readonly (string | Html)[])[]): Html {
  const head = titles.map((title) => html`<th scope="col">${title}</th>`);
  const body = rows.map(
    (cells) =>
      html`<tr>
        ${join(cells.map((cell) => html`<td>${cell}</td>`))}
      </tr> `,
  );
  return html`<table>
    <thead>
      <tr>
        ${join(head)}
      </tr>
    </thead>
    <tbody>
      ${join(body)}
    </tbody>
  </table>`;
}
