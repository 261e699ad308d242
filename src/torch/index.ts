export { loadTorchWeights, type LoadTorchOptions, type TorchMatch } from "./load.js";
export { torchSource, type TorchSourceOptions, toTorch } from "./save.js";
