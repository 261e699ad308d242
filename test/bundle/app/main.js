import { adam, dense, sequential } from "lanewise";
import { report, run } from "./app.js";

void report(() => run({ adam, dense, sequential }));
