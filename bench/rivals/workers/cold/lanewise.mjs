// What "lanewise/predict" is to who installs it: a package of its own cannot name the one that it lies in.
import { loadPredictor } from "../../../../build/node/predict.js";
import { report, testInput } from "./measured.mjs";

const { folder } = JSON.parse(process.argv[2]);
const predictor = await loadPredictor(`${folder}/model.safetensors`);
report(predictor.predict(testInput(784)).data);
