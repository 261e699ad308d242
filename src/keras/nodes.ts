// Where a layer is called: the two ways in which Keras writes it down.

import { show } from "../check.js";
import { UnsupportedError } from "../errors.js";
import { shownName } from "../io/foreign.js";
import { badTopology, isObject, type Json, listAt, own, plain, textAt } from "./config.js";

/** A value of the graph: which output of which call of which layer. */
export interface Ref {
  readonly layer: string;
  readonly node: number;
  readonly tensor: number;
}

/** One call of a layer. */
export interface Call {
  readonly inputs: readonly Ref[];
  /** With training=false. */
  readonly inference: boolean;
}

const MOST_OPERANDS = 1024;

/** @param label Of the layer. */
export function callsOf(given: unknown, label: string): Call[] {
  return listAt(given ?? [], `inbound_nodes of ${label}`).map((node) => {
    const call = isObject(node) ? newCall(node, label) : oldCall(node, label);
    if (call.inputs.length >= 1 && call.inputs.length <= MOST_OPERANDS) return call;
    throw badTopology(`${label} is called with ${call.inputs.length} values`);
  });
}

/** Keras 2 and TensorFlow.js: [["dense", 0, 0, { training: false }], …]. */
function oldCall(node: unknown, label: string): Call {
  const entries = listAt(node, `a node of ${label}`);
  const list = typeof entries[0] === "string" ? [entries] : entries;
  let inference = false;
  const inputs = list.map((entry) => {
    const [layer, index, tensor, options] = listAt(entry, `an input of ${label}`);
    inference ||= isInference(options ?? {}, label);
    return refOf([layer, index, tensor], label);
  });
  return { inputs, inference };
}

/** Keras 3: { args: [tensor or [tensor, …]], kwargs: { training: null } }. */
function newCall(node: Json, label: string): Call {
  const [first, ...others] = listAt(own(node, "args"), `args of ${label}`);
  const list = plain(first);
  const inputs = (Array.isArray(list) ? (list as unknown[]) : [list]).map((tensor) => tensorOf(tensor, label));
  if (others.some((other) => other !== null)) throw unsupported(label, "it is called with more than one argument");
  return { inputs, inference: isInference(own(node, "kwargs") ?? {}, label) };
}

function tensorOf(given: unknown, label: string): Ref {
  const config = isObject(given) && own(given, "class_name") === "__keras_tensor__" ? own(given, "config") : undefined;
  if (!isObject(config)) throw unsupported(label, `it is called with ${show(given)}, which is no value of the graph`);
  return refOf(plain(own(config, "keras_history")), label);
}

export function refOf(given: unknown, label: string): Ref {
  const [layer, node, tensor] = listAt(given, `an input of ${label}`);
  if (!isIndex(node) || !isIndex(tensor)) throw badTopology(`${label} names the value ${show(given)}`);
  return { layer: textAt(layer, `a layer that ${label} names`), node, tensor };
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isInference(given: unknown, label: string): boolean {
  if (!isObject(given)) throw badTopology(`${label} is called with options ${show(given)}`);
  for (const [name, value] of Object.entries(given)) {
    if (value === null || (name === "training" && value === false)) continue;
    throw unsupported(label, `it is called with ${shownName(name)}: ${show(value)}`);
  }
  return own(given, "training") === false;
}

function unsupported(label: string, why: string): UnsupportedError {
  return new UnsupportedError("keras/unsupported-layer", `${label} is not supported: ${why}.`);
}
