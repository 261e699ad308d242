export { loadOnnx, type LoadOnnxOptions } from "./load.js";
export { toOnnx } from "./save.js";
