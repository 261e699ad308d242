// The exports of the threaded build: those of the plain one, and what makes several instances on one memory work together.

export * from "./index";
export { join } from "./program/crew";
export { help } from "./program/executor";
