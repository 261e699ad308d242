interface Builtins {
  "fs/promises": typeof import("node:fs/promises");
  os: typeof import("node:os");
  path: typeof import("node:path");
  process: { readonly default: NodeJS.Process };
  url: typeof import("node:url");
  worker_threads: typeof import("node:worker_threads");
}

/**
 * A module of Node's, loaded when it is asked for, so that the library loads where there is none. No bundler follows a name
 * that is put together: it neither looks for the module nor puts an empty one in its place.
 */
export function builtin<Name extends keyof Builtins>(name: Name): Promise<Builtins[Name]> {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ `node:${name}`) as Promise<Builtins[Name]>;
}
