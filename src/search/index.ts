export type { Importance, ImportanceGroup } from "./importance.js";
export { search, type SearchOptions, type SearchResult, type TrialBuild, type TrialEvent } from "./search.js";
export { choice, Distribution, integer, logUniform, type Params, type SearchSpace, uniform } from "./space.js";
export type { Rung, RungScore, Trial } from "./trial.js";
