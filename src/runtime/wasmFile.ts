import { compile, type WasmSource } from "./compile.js";

/** One of the package's WebAssembly files, compiled once and for all that use it. */
export class WasmFile {
  readonly #name: string;
  readonly #beside: () => WasmSource;
  #brought: (() => WasmSource) | undefined;
  #compiled: Promise<WebAssembly.Module> | undefined;

  /** @param beside Where it is if nobody says otherwise. */
  constructor(name: string, beside: () => WasmSource) {
    this.#name = name;
    this.#beside = beside;
  }

  /** For entries that have it with them: those of runtimes that compile no bytes, and those with the bytes in them. */
  bring(source: () => WasmSource): void {
    this.#brought = source;
  }

  /** The first call counts. A failed load is forgotten, so that the next one may succeed. */
  load(source?: WasmSource): Promise<WebAssembly.Module> {
    const from = source === undefined ? (this.#brought ?? this.#beside) : () => source;
    return (this.#compiled ??= compile(from, this.#name).catch((error: unknown) => {
      this.#compiled = undefined;
      throw error;
    }));
  }
}
