// Makes src/data/digitsBytes.ts from the digits as a CSV file, gzip or not: 64 pixels 0 … 16 and the digit, a row an image.
//
//   node scripts/embed-digits.mjs digits.csv.gz
//
// The pixels are written column by column, since one pixel's values resemble each other more than one image's do.

import { readFileSync, writeFileSync } from "node:fs";
import { constants, gunzipSync, gzipSync } from "node:zlib";

const ROWS = 1797;
const PIXELS = 64;
const LINE = 116;

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error("Usage: node scripts/embed-digits.mjs <digits.csv or digits.csv.gz>");

const rows = readRows(path);
const columns = Uint8Array.from({ length: (PIXELS + 1) * ROWS }, (_, i) => rows[i % ROWS][Math.floor(i / ROWS)]);
// Of all settings these pack the digits smallest.
const base64 = gzipSync(columns, { level: 9, memLevel: 5, strategy: constants.Z_RLE }).toString("base64");
const lines = base64.match(new RegExp(`.{1,${LINE}}`, "g"));

writeFileSync(
  new URL("../src/data/digitsBytes.ts", import.meta.url),
  `// Made by scripts/embed-digits.mjs: gzip of (64 pixels + the label) × 1,797 images, in base64 (atob skips the line ends).
//
// Optical Recognition of Handwritten Digits (its test part), E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998,
// https://doi.org/10.24432/C50P49, licensed under CC BY 4.0; packed anew, values unchanged.

export const DIGITS_BASE64 = \`
${lines.join("\n")}
\`;
`,
);

function readRows(path) {
  const file = readFileSync(path);
  const text = (file[0] === 0x1f ? gunzipSync(file) : file).toString("utf8");
  const rows = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(",").map(Number));
  const sound = (row) =>
    row.length === PIXELS + 1 &&
    row.every((value, i) => Number.isInteger(value) && value >= 0 && value <= (i < PIXELS ? 16 : 9));
  const broken = rows.findIndex((row) => !sound(row));
  if (broken >= 0) throw new Error(`${path}, line ${broken + 1}: expected 64 integers 0 … 16 and a digit`);
  if (rows.length !== ROWS) throw new Error(`${path} has ${rows.length} rows; expected ${ROWS}`);
  return rows;
}
