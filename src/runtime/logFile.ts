import { LanewiseError } from "../errors.js";
import { type FileSystem, makeFolderOf, reason, shown, writablePath } from "./files.js";

/**
 * A file that grows by whole records. Each is one write, behind which the file ends: what a crash left half done, or what is
 * written once more after a resume, is cut off first.
 */
export class LogFile {
  readonly path: string | URL;
  /** Bytes that are written; the next record begins there. */
  length: number;

  constructor(path: string | URL, length = 0) {
    this.path = path;
    this.length = length;
  }

  /** Of the file on the disk; undefined where there is none. */
  async size(): Promise<number | undefined> {
    const { fs, path } = await writablePath(this.path);
    return (await fs.stat(path).catch(() => undefined))?.size;
  }

  /** Cuts off what stands behind the last record, where there is a file. */
  async trim(): Promise<void> {
    if ((await this.size()) !== undefined) await this.append(new Uint8Array(0));
  }

  /**
   * Writes a record, and makes the file and its folder where there is none. A file that has become shorter goes on at its end.
   *
   * @throws LanewiseError `files/write-failed` with the cause; the record is not in the file then
   */
  async append(record: Uint8Array): Promise<void> {
    const { fs, path } = await writablePath(this.path);
    try {
      const file = await openOrMake(fs, path);
      try {
        const start = Math.min(this.length, (await file.stat()).size);
        await file.truncate(start);
        const { bytesWritten } = await file.write(record, 0, record.length, start);
        if (bytesWritten < record.length) {
          await file.truncate(start);
          throw new Error(`only ${bytesWritten} of ${record.length} bytes found room`);
        }
        this.length = start + record.length;
      } finally {
        await file.close();
      }
    } catch (cause) {
      throw new LanewiseError(
        "files/write-failed",
        `Could not write to ${shown(this.path)}: ${reason(cause)}. Check the folder, its permissions and the free space.`,
        { cause },
      );
    }
  }
}

async function openOrMake(fs: FileSystem, path: string) {
  try {
    return await fs.open(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    await makeFolderOf(path);
    return fs.open(path, "wx+");
  }
}
