// A CSV file as a table of columns: separator and header are found out, and what is wrong is told by its line.

export interface Column {
  readonly name: string;
  /** As they stand in the file, trimmed; "" where there is none. */
  readonly cells: readonly string[];
  /** Every cell is a number, but for those that are missing. */
  readonly numeric: boolean;
  readonly missing: number;
}

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: number;
  /** Whether the first line is names. */
  readonly named: boolean;
}

export const MOST_BYTES = 20 * 1024 * 1024;
const MOST_COLUMNS = 1000;
const SEPARATORS = [",", ";", "\t", "|"] as const;
type Separator = (typeof SEPARATORS)[number];

const MISSING = /^(|na|n\/a|nan|null|none|\?|-)$/i;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** What is wrong with a file, in a sentence for the person who chose it. */
export class CsvError extends Error {
  override readonly name = "CsvError";
}

export function readTable(text: string): Table {
  if (text.includes("\0")) throw new CsvError("This is no text file. Save the table as CSV, in UTF-8.");
  const body = text.replace(/^\uFEFF/, "");
  const separator = separatorOf(body);
  const lines = linesOf(body, separator);
  const [first, second] = lines;
  if (!first || !second)
    throw new CsvError("The file has fewer than two lines; a table of a header and rows is needed.");
  const width = first.cells.length;
  if (width < 2) throw new CsvError("The file has one column. Separate columns by commas, semicolons or tabs.");
  if (width > MOST_COLUMNS) throw new CsvError(`The file has ${width} columns; at most ${MOST_COLUMNS} are read.`);
  const ragged = lines.find(({ cells }) => cells.length !== width);
  if (ragged) {
    const { at, cells } = ragged;
    throw new CsvError(`Line ${at} has ${counted(cells.length, "value")}, and the first line has ${width}.`);
  }
  // Where semicolons separate, a comma is a decimal point, as in half of Europe.
  const cellOf = (cell: string) => (separator === ";" && /^[+-]?\d*,\d+$/.test(cell) ? cell.replace(",", ".") : cell);
  const grid = lines.map(({ cells }) => cells.map((cell) => cellOf(cell.trim())));
  const named = isHeader(grid);
  const rows = named ? grid.slice(1) : grid;
  const columns = namesOf(named ? grid[0]! : [], width).map((name, i) => columnOf(name, rows, i));
  return { columns, rows: rows.length, named };
}

export const isMissing = (cell: string): boolean => MISSING.test(cell);

/** Each of them once: by its name a column is chosen. */
function namesOf(titles: readonly string[], width: number): string[] {
  const names: string[] = [];
  for (let i = 0; i < width; i++) {
    const title = titles[i] || `column ${i + 1}`;
    names.push(names.includes(title) ? `${title} (column ${i + 1})` : title);
  }
  return names;
}

function columnOf(name: string, rows: readonly (readonly string[])[], at: number): Column {
  const cells = rows.map((row) => row[at]!);
  const missing = cells.filter(isMissing).length;
  return {
    name,
    cells,
    missing,
    numeric: missing < cells.length && cells.every((c) => isMissing(c) || NUMBER.test(c)),
  };
}

/** The first line has a word where all others of the column have numbers; or words that occur nowhere below. */
function isHeader(grid: readonly (readonly string[])[]): boolean {
  const [first, ...rest] = grid;
  const numeric = first!.map((_, i) => columnOf("", rest, i).numeric);
  if (first!.some((cell, i) => numeric[i] && !isMissing(cell) && !NUMBER.test(cell))) return true;
  if (numeric.some(Boolean)) return false;
  return first!.every((cell, i) => rest.every((row) => row[i] !== cell));
}

/** The one that the first lines have most of, outside of quotes. */
function separatorOf(text: string): Separator {
  const [head = ""] = text.replace(/"[^"]*"/g, "").split(/\r?\n/, 1);
  const counts = SEPARATORS.map((separator) => head.split(separator).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))]!;
}

interface Line {
  /** Counted from 1. */
  readonly at: number;
  readonly cells: string[];
}

/** RFC 4180: a cell in quotes may hold separators, line ends, and quotes twice. Empty lines are left out. */
function linesOf(text: string, separator: Separator): Line[] {
  const lines: Line[] = [];
  let cells: string[] = [];
  let [at, begun, line] = [0, 1, 1];
  const endLine = () => {
    if (cells.length > 1 || cells[0]!.trim() !== "") lines.push({ at: begun, cells });
    cells = [];
  };
  while (at < text.length) {
    let cell: string;
    if (text[at] === '"') {
      const end = closingQuote(text, at, line);
      cell = text.slice(at + 1, end).replace(/""/g, '"');
      line += cell.split("\n").length - 1;
      at = end + 1;
      if (at < text.length && text[at] !== separator && text[at] !== "\n" && text[at] !== "\r") {
        throw new CsvError(`In line ${line} something stands between a closing quote and the next separator.`);
      }
    } else {
      const end = endOfCell(text, at, separator);
      cell = text.slice(at, end);
      at = end;
    }
    cells.push(cell);
    if (text[at] === separator) {
      at++;
      if (at < text.length) continue;
      cells.push("");
    }
    if (text[at] === "\r") at++;
    if (text[at] === "\n") at++;
    endLine();
    begun = ++line;
  }
  return lines;
}

function closingQuote(text: string, open: number, line: number): number {
  for (let at = open + 1; ; at += 2) {
    at = text.indexOf('"', at);
    if (at < 0) throw new CsvError(`The quote that opens in line ${line} is never closed.`);
    if (text[at + 1] !== '"') return at;
  }
}

function endOfCell(text: string, from: number, separator: string): number {
  let at = from;
  while (at < text.length && text[at] !== separator && text[at] !== "\n" && text[at] !== "\r") at++;
  return at;
}

export function counted(count: number, what: string): string {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}
