export { loadTfjs, type LoadTfjsOptions } from "./load.js";
export { saveTfjs, toTfjs, type TfjsModel } from "./save.js";
export { type TfjsArtifacts, type TfjsFile, type TfjsFiles, type TfjsSource } from "./source.js";
