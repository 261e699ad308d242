// The worker's side of the conversation: one session at a time, and one table.

import { CsvError, MOST_BYTES, readTable, type Table } from "../data/csv.js";
import { type DataSet, digits, likelyTask, tableSet, type TableChoice, toySet } from "../data/sets.js";
import type { Setup } from "../setup/setup.js";
import type { FromWorker, Pace, ToWorker } from "./messages.js";
import { Session } from "./session.js";

let session: Session | undefined;
let table: Table | undefined;
let pace: Pace = "watch";
/** What was asked for last, which a file's network is loaded into. */
let asked: { readonly setup: Setup; readonly data: DataSet } | undefined;
/** One after the other: a session ends before the next one begins. */
let turn: Promise<unknown> = Promise.resolve();
let begins = 0;

const post = (message: FromWorker): void => self.postMessage(message);

self.addEventListener("message", ({ data: message }: MessageEvent<ToWorker>) => {
  const fail = (error: unknown) => {
    if (isAbort(error)) return;
    post({ type: "failed", during: message.type, message: error instanceof Error ? error.message : String(error) });
  };
  try {
    void Promise.resolve(answer(message)).catch(fail);
  } catch (error) {
    fail(error);
  }
});

function answer(message: ToWorker): unknown {
  switch (message.type) {
    case "begin":
      return begin(message.setup, message.table);
    case "load":
      return inTurn(() => load(message.bytes, message.name));
    case "table":
      return inTurn(() => openTable(message.file));
    case "pace":
      pace = message.pace;
      if (session) session.pace = pace;
      return;
    case "train":
      return inTurn(() => void running(session?.train(), "train"));
    case "step":
      return inTurn(() => session?.step());
    case "pause":
      return inTurn(() => session?.pause());
    case "tryCures":
      return inTurn(() => void running(session?.tryCures(), "tryCures"));
    case "stopTrying":
      return session?.stopTrying();
    case "recognize":
      if (session?.about.kind !== "digits") return; // it was asked for before another data set was chosen
      return post({ type: "recognized", probabilities: session.model.predict(message.pixels).data });
    case "save":
      return post({
        type: "saved",
        bytes: session!.model.toBytes({ includeOptimizer: true }),
        name: asked!.setup.data,
      });
    case "report":
      return session?.reportPage().then((html) => post({ type: "reported", html }));
  }
}

/** Of several that come at once, as from a slider, the last one counts. */
function begin(setup: Setup, choice: TableChoice | undefined): Promise<void> {
  const own = ++begins;
  return inTurn(async () => {
    if (own !== begins) return;
    const data = await dataOf(setup, choice);
    const next = await Session.begin(setup, data, post);
    await replace(next, setup, data);
  });
}

async function load(bytes: Uint8Array, name: string): Promise<void> {
  if (!asked) throw new RangeError("There is no data set yet.");
  const { setup, data } = asked;
  await replace(await Session.load(bytes, name, setup, data, post), setup, data);
}

/** Only once the next one stands does the last one go. */
async function replace(next: Session, setup: Setup, data: DataSet): Promise<void> {
  await session?.end();
  session = next;
  session.pace = pace;
  asked = { setup, data };
  post({ type: "begun", about: session.about });
  session.progress();
  void running(session.diagnose(), "begin");
}

function dataOf(setup: Setup, choice: TableChoice | undefined): Promise<DataSet> | DataSet {
  if (setup.data === "digits") return digits();
  if (setup.data !== "csv") return toySet(setup);
  if (!table || !choice) throw new CsvError("Choose a CSV file first.");
  return tableSet(table, choice);
}

async function openTable(file: File): Promise<void> {
  if (file.size > MOST_BYTES) {
    const size = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MB`;
    throw new CsvError(
      `${file.name} has ${size(file.size)}, and at most ${size(MOST_BYTES)} are read. Take a part of its rows.`,
    );
  }
  table = readTable(await file.text());
  const columns = table.columns.map((column) => {
    const { name, numeric, missing } = column;
    return { name, numeric, missing, task: likelyTask(column) };
  });
  post({ type: "table", name: file.name, rows: table.rows, columns });
}

function inTurn<T>(work: () => T | Promise<T>): Promise<T> {
  const next = turn.then(work);
  turn = next.catch(() => undefined);
  return next;
}

/** What goes on beside the turns, with its own failures told. */
async function running(work: Promise<void> | undefined, during: ToWorker["type"]): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isAbort(error)) post({ type: "failed", during, message: (error as Error).message });
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
