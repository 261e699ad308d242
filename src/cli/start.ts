#!/usr/bin/env node
import { failure } from "./failure.js";
import { HELP, readOptions } from "./options.js";

// A reader that has seen enough, such as `head`, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

try {
  const options = readOptions(process.argv.slice(2));
  if (options === "help") {
    process.stdout.write(HELP);
  } else {
    // Only now, so that help and bad arguments need no WebAssembly.
    const { runTraining } = await import("./train.js");
    await runTraining(options, process.stdout);
  }
} catch (error) {
  const { text, exitCode } = failure(error, Boolean(process.env["DEBUG"]));
  // Training may have broken off in the midst of the progress line.
  if (exitCode === 1 && process.stdout.isTTY) process.stdout.write("\n");
  process.stderr.write(text);
  process.exitCode = exitCode;
}
