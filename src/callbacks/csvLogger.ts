import { boolean, knownOptions, show } from "../check.js";
import { ConfigError, LanewiseError } from "../errors.js";
import type { Callback } from "../model/callback.js";
import { makeFolderOf, readBytes } from "../runtime/files.js";
import { LogFile } from "../runtime/logFile.js";
import { checkedState, isCount } from "./state.js";

export interface CsvLoggerOptions {
  /** Where to write: a path or a file: URL. A missing folder is made. */
  filename: string | URL;
  /** One character between the columns (default ","). */
  separator?: string;
  /** Go on behind the rows that are there (default false: begin the file anew). A resume always does. */
  append?: boolean;
}

const OPTIONS = { filename: true, separator: true, append: true };

/**
 * Writes a row of figures for each epoch, below a row with their names: `epoch` (from 0), then the others in the order of
 * the alphabet. As Keras's CSVLogger.
 *
 * A row is one write of a whole line, and half a line that a power cut left is removed before the next. A fit with `resume`
 * goes on behind the rows of the epochs that it goes on from: no row is lost, and none stands twice.
 *
 * @throws ConfigError for options that are none; when training begins, `config/other-columns` where the file to append to has others
 * @throws UnsupportedError `files/no-file-system` when training begins where there are no files
 * @example
 * callbacks: [csvLogger({ filename: "run.csv" })] // epoch,accuracy,loss,val_accuracy,val_loss
 */
export function csvLogger(options: CsvLoggerOptions): Callback {
  const known = knownOptions<CsvLoggerOptions>(options, "csvLogger", OPTIONS);
  const { filename, separator = "," } = known;
  const append = boolean(known.append ?? false, "append of csvLogger");
  if (!(filename instanceof URL) && (typeof filename !== "string" || filename === "")) {
    throw new ConfigError(
      "config/bad-path",
      `filename of csvLogger must be a path or a file: URL; got ${show(filename)}.`,
    );
  }
  // What may stand in a number or a name would tear the columns apart.
  if (typeof separator !== "string" || !/^[^\w.+"\r\n-]$/.test(separator)) {
    throw new ConfigError(
      "config/bad-separator",
      `separator of csvLogger must be one character, such as "," or ";" or "\\t", that no number has; got ${show(separator)}.`,
    );
  }

  const line = (cells: readonly (string | number)[]) =>
    `${cells.map((cell) => quoted(String(cell), separator)).join(separator)}\n`;
  let columns: readonly string[] = [];
  let log = new LogFile(filename);
  let training = false;

  return {
    name: "csvLogger",

    async onTrainBegin(_logs, { figures, resumed }) {
      await makeFolderOf(filename);
      columns = [...figures.keys()].sort();
      const written = append || resumed ? await readWritten(filename) : "";
      const header = line(["epoch", ...columns]);
      if (written !== "" && !written.startsWith(header)) {
        throw new ConfigError(
          "config/other-columns",
          `${show(String(filename))} begins with ${show(written.slice(0, written.indexOf("\n")))}, and this fit writes ${show(header.trimEnd())}. Name another file, or remove this one.`,
        );
      }
      log = new LogFile(filename, new TextEncoder().encode(written).length);
      training = true;
    },

    async onEpochEnd(epoch, logs) {
      const header = log.length === 0 ? line(["epoch", ...columns]) : "";
      const row = line([epoch, ...columns.map((name) => logs[name] ?? NaN)]);
      await log.append(new TextEncoder().encode(header + row));
    },

    async onTrainEnd() {
      if (training) await log.trim(); // nothing may have been left to write
      training = false;
    },

    getState: () => ({ length: log.length }),

    /** Rows behind it are of epochs that are now trained again. */
    setState(saved) {
      const { length } = checkedState<{ length: number }>("csvLogger", saved, { length: isCount });
      log.length = Math.min(length, log.length);
    },
  };
}

/** The whole lines of the file, if there is one. */
async function readWritten(filename: string | URL): Promise<string> {
  try {
    const text = new TextDecoder().decode(await readBytes(filename));
    return text.slice(0, text.lastIndexOf("\n") + 1);
  } catch (error) {
    if (error instanceof LanewiseError && error.code === "files/not-found") return "";
    throw error;
  }
}

/** The name of a metric may be anything. */
function quoted(cell: string, separator: string): string {
  return cell.includes(separator) || /["\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
