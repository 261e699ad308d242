// What a worker is given as its module: parts of one's own, of the same lanewise as its script.

import { defineLayer, defineLoss } from "../../build/src/index.js";

export const customObjects = {
  Double: defineLayer({
    className: "Double",
    emit: ({ ops }, value) => ops.mul(value, 2),
  }),
  quartic: defineLoss({
    name: "quartic",
    emit: ({ ops }, predictions, targets) => ops.square(ops.square(ops.sub(predictions, targets))),
  }),
};
