/** What "exports" of package.json says of each subpath: a file, or by condition where it is. */
export function packageExports(): Record<string, unknown>;
