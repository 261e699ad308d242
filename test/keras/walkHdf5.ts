import { ModelFormatError, UnsupportedError } from "../../src/errors.js";
import { type Hdf5Object, openHdf5 } from "../../src/formats/hdf5/index.js";

const TEXTS = ["text", "bytes", "texts", "list of bytes", "long", "empty", "weight_names", "layer_names"];
const MOST_DEPTH = 8;

/** Reads every object and goes on behind a fault: "whole", or the first fault is thrown. */
export async function walkHdf5(bytes: Uint8Array): Promise<string> {
  const faults: unknown[] = [];
  const attempt = <T>(action: () => T): T | undefined => {
    try {
      return action();
    } catch (error) {
      faults.push(error);
      return undefined;
    }
  };
  const walk = async (object: Hdf5Object, depth: number): Promise<void> => {
    for (const attribute of TEXTS) attempt(() => object.texts(attribute));
    for (const name of attempt(() => object.names) ?? []) {
      const member = attempt(() => object.member(name));
      if (!member) continue;
      if (attempt(() => member.holdsFloats)) await member.floats().catch((error: unknown) => faults.push(error));
      else if (depth < MOST_DEPTH) await walk(member, depth + 1);
    }
  };
  await walk(openHdf5(bytes, bytes.length * 16), 0);
  const isOurs = (error: unknown) => error instanceof ModelFormatError || error instanceof UnsupportedError;
  if (faults.length > 0) throw faults.find((fault) => !isOurs(fault)) ?? faults[0];
  return "whole";
}
