/** Where text goes: the part of Node's streams that is used here. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What the terminal's user can be shown. */
export interface TerminalAbilities {
  readonly unicode: boolean;
  readonly color: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Node's `process`, or the like of it; a browser has none, and a bundler's imitation may lack `stdout`. */
const host = globalThis as { process?: { stdout?: TextStream; env?: Environment } };

/** Standard output, where there is one. */
export function standardOutput(): TextStream | undefined {
  return host.process?.stdout;
}

/** Judged by the usual variables: `TERM`, the locale, and `NO_COLOR` (https://no-color.org), which takes away colour only. */
export function terminalAbilities(env: Environment = host.process?.env ?? {}): TerminalAbilities {
  const dumb = env["TERM"] === "dumb";
  // The Linux console's font has no eighth blocks.
  const linuxConsole = env["TERM"] === "linux";
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"];
  const ascii = locale !== undefined && locale !== "" && !/utf-?8/i.test(locale);
  return { unicode: !dumb && !linuxConsole && !ascii, color: !dumb && !env["NO_COLOR"] };
}
