// Text between two markers of a page is written by a program; all around it, by people.

const marker = (name: string, side: "start" | "end") => `<!-- ${name}:${side} -->`;

/** @throws Error where the page does not have both markers once, in order */
export function betweenMarkers(page: string, name: string, text: string): string {
  const [start, end] = [marker(name, "start"), marker(name, "end")];
  const [before, inside, ...more] = page.split(start);
  const [, after, ...rest] = inside?.split(end) ?? [];
  if (after === undefined || more.length > 0 || rest.length > 0) {
    throw new Error(`The page must have ${start} and, below it, ${end}, once each.`);
  }
  return `${before}${start}\n${text.trimEnd()}\n${end}${after}`;
}
