import { compile, type FileNames, type WasmSource } from "./compile.js";

/** One of the package's WebAssembly files, compiled once and for all that use it. */
export class WasmFile {
  readonly #names: FileNames;
  readonly #beside: () => WasmSource;
  #brought: (() => WasmSource) | undefined;
  #given: WasmSource | undefined;
  #compiled: Promise<WebAssembly.Module> | undefined;

  /** @param beside Where it is if nobody says otherwise. */
  constructor(names: FileNames, beside: () => WasmSource) {
    this.#names = names;
    this.#beside = beside;
  }

  /** For entries that have it with them: those of runtimes that compile no bytes, and those with the bytes in them. */
  bring(source: () => WasmSource): void {
    this.#brought = source;
  }

  /** What to load once it is asked for; the first call counts. */
  give(source: WasmSource | undefined): void {
    this.#given ??= source;
  }

  /** The first call counts. A failed load is forgotten, so that the next one may succeed. */
  load(source = this.#given): Promise<WebAssembly.Module> {
    const from = source === undefined ? (this.#brought ?? this.#beside) : () => source;
    return (this.#compiled ??= compile(from, this.#names).catch((error: unknown) => {
      this.#compiled = undefined;
      throw error;
    }));
  }
}
