import { loadModel } from "../../../../build/src/index.js";
import { report, testInput } from "./measured.mjs";

const { folder } = JSON.parse(process.argv[2]);
const model = await loadModel(`${folder}/model.safetensors`);
report(model.predict(testInput(784)).data);
