import { reached } from "./reached.mjs";

reached();
