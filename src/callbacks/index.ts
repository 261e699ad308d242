export { progressBar, type ProgressBarOptions } from "./progressBar.js";
export type { TextStream } from "./terminal.js";
