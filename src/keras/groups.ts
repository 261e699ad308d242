// Where a .keras archive keeps the weights of a layer: not under its name, but under its class's, counted within its model.
//
//   layers/dense/vars/0            the kernel of the first Dense, whatever it is called
//   layers/dense_1/vars/0          that of the second
//   layers/functional/layers/dense the first of a model within

import type { Hdf5Object } from "../formats/hdf5/index.js";
import { isObject, own } from "./config.js";
import type { KerasArray } from "./topology.js";

/** Models within models, as deep as they are read. */
const MOST_DEPTH = 16;

/** The group of each layer by its path; none for what the file does not have. */
export function groupsOf(root: Hdf5Object, config: unknown): ReadonlyMap<string, Hdf5Object> {
  const groups = new Map<string, Hdf5Object>();
  const walk = (model: unknown, group: Hdf5Object, path: readonly string[]): void => {
    const container = containerOf(group);
    const giver = new GroupNames();
    for (const { className, name, layer } of layersOf(model)) {
      const member = container?.member(giver.next(className));
      if (!member) continue;
      groups.set(keyOf([...path, name]), member);
      if (path.length < MOST_DEPTH) walk(layer, member, [...path, name]);
    }
  };
  walk(config, root, []);
  return groups;
}

export function keyOf(path: readonly string[]): string {
  return JSON.stringify(path);
}

/** Keras 3 says "layers"; 2.12 to 2.15, whose .keras files are the first of this kind, the other. */
export function containerOf(group: Hdf5Object): Hdf5Object | undefined {
  return group.member("layers") ?? group.member("_layer_checkpoint_dependencies");
}

/** Names of a model's groups, in the order of its layers. */
export class GroupNames {
  readonly #seen = new Map<string, number>();

  next(className: string): string {
    const base = groupName(className);
    const before = this.#seen.get(base) ?? 0;
    this.#seen.set(base, before + 1);
    return before === 0 ? base : `${base}_${before}`;
  }
}

/** Keras's `to_snake_case`: "PReLU" is "p_re_lu". */
function groupName(className: string): string {
  return className
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** The floats of a layer: "vars/0", "vars/1", … up to the first that is none, such as the count of a Normalization. */
export async function arraysOf(group: Hdf5Object): Promise<KerasArray[]> {
  const vars = group.member("vars");
  const arrays: KerasArray[] = [];
  for (;;) {
    const dataset = vars?.member(String(arrays.length));
    if (!dataset?.holdsFloats) return arrays;
    arrays.push(await dataset.floats());
  }
}

interface Listed {
  readonly className: string;
  readonly name: string;
  readonly layer: unknown;
}

/** Of what is said of a model; what is said wrongly is for the reader of the topology to refuse. */
function layersOf(model: unknown): Listed[] {
  const config = isObject(model) ? own(model, "config") : undefined;
  const layers = isObject(config) ? own(config, "layers") : undefined;
  if (!Array.isArray(layers)) return [];
  return layers.flatMap((layer: unknown) => {
    if (!isObject(layer)) return [];
    const options = own(layer, "config");
    const className = own(layer, "class_name");
    const name = isObject(options) ? own(options, "name") : undefined;
    return typeof className === "string" && typeof name === "string" ? { className, name, layer } : [];
  });
}
