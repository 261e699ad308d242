// What a model and the worker that trains it tell each other: plain data all.

import type { Observation } from "../diagnostics/observation.js";
import { LanewiseError } from "../errors.js";
import * as errors from "../errors.js";
import type { ErrorCode } from "../errorCodes.js";
import type { Build } from "../runtime/module.js";
import type { Precision } from "../runtime/precision.js";
import type { Logs, RequestedStop } from "./callback.js";
import type { Core } from "./core.js";
import type { History } from "./fitOptions.js";
import type { ArrayPlan } from "./fitPlan.js";
import type { TrainingState } from "./state.js";
import type { NamedArray } from "./variables.js";

/** What may be set while a model trains. The caller's model has the last word on it. */
export interface Settings {
  readonly learningRate: number | undefined;
  readonly trainable: readonly boolean[];
  readonly rateMultipliers: readonly number[];
}

/** What a worker is to train. */
export interface Network {
  /** The compiled builds, the model's own among them, so that the worker fetches none. */
  readonly modules: { readonly plain: WebAssembly.Module } & { readonly [K in Build]?: WebAssembly.Module };
  /** The script of the threads of a model that has several, where it is not beside the library. */
  readonly threadScript?: string;
  /** A module whose `customObjects` the network is made of. */
  readonly customModule?: string;
  /** As a file. */
  readonly bytes: Uint8Array;
  readonly threads: number;
  readonly precision: Precision;
  readonly windowBytes: number;
}

/** How it is to train it, from where. */
export interface Job {
  readonly state: TrainingState;
  readonly settings: Settings;
  readonly cacheFrozen: boolean;
  readonly plan: Omit<ArrayPlan, "compiled" | "callbacks" | "signal" | "frozen" | "worker" | "resume">;
  /** Hooks to tell of beside the ends of epochs. */
  readonly hears: { readonly batches: boolean; readonly epochBegins: boolean };
  readonly observeEvery: ObserveEvery;
}

/** By callback. */
export type ObserveEvery = readonly (number | undefined)[];

/** What a model answers a hook with: how all stands after it. */
export interface Answer {
  readonly settings: Settings;
  readonly stop: RequestedStop | undefined;
  /** What callbacks have written, in order. */
  readonly weights: readonly ReadonlyMap<string, NamedArray>[];
  readonly observeEvery: ObserveEvery;
  /** A callback has thrown: training ends. */
  readonly failed: boolean;
}

/** What a worker is told: the network first, then the job. */
export type Told =
  { readonly network: Network } | { readonly job: Job } | { readonly answer: Answer; readonly to: number } | "abort";

/** A hook, and what it is called with. */
export type Hook =
  | { readonly hook: "onEpochBegin"; readonly index: number }
  | { readonly hook: "onProgress"; readonly index: number; readonly logs: Logs }
  | {
      readonly hook: "onBatchEnd" | "onEpochEnd";
      readonly index: number;
      readonly logs: Logs;
      readonly state: TrainingState;
    }
  | {
      readonly hook: "onObservation";
      readonly callback: number;
      readonly observation: Observation;
      readonly logs: Logs;
    };

/** What a worker tells: that its script has loaded, that the network stands, hooks, and how it ended. */
export type Heard = "ready" | "built" | { readonly call: Hook; readonly id: number } | Ending;

export type Ending =
  | { readonly history: History; readonly logs: Logs; readonly state: TrainingState }
  | { readonly failed: PlainError; readonly logs: Logs; readonly state: TrainingState | undefined };

export function settingsOf({ progress, trainable, rateMultipliers }: Core): Settings {
  return {
    learningRate: progress.learningRate,
    trainable: [...trainable],
    rateMultipliers: [...rateMultipliers],
  };
}

export function applySettings(core: Core, { learningRate, trainable, rateMultipliers }: Settings): void {
  core.progress.learningRate = learningRate;
  trainable.forEach((value, layer) => core.setTrainable(layer, value));
  rateMultipliers.forEach((value, layer) => core.setRateMultiplier(layer, value));
}

/** An error as it travels: its class would be lost. */
export interface PlainError {
  readonly name: string;
  readonly code: string | undefined;
  readonly message: string;
  readonly stack: string | undefined;
}

export function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: "Error", code: undefined, message: String(error), stack: undefined };
  const { name, message, stack } = error;
  return { name, code: error instanceof LanewiseError ? error.code : undefined, message, stack };
}

export function revivedError({ name, code, message, stack }: PlainError): Error {
  const kinds: Readonly<Record<string, unknown>> = errors;
  const Kind = Object.hasOwn(kinds, name) ? (kinds[name] as typeof LanewiseError) : LanewiseError;
  const error = code === undefined ? new Error(message) : new Kind(code as ErrorCode, message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
