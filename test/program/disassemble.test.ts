import { expect, test } from "vitest";
import { adam, dense, flatten, rescaling, sequential } from "../../src/index.js";

const MODEL = {
  inputShape: [4, 4, 1],
  layers: [
    flatten(),
    rescaling({ scale: 1 / 255 }),
    dense(9, { activation: "elu", name: "hidden1" }),
    dense(7, { activation: "tanh", name: "hidden2", trainable: false }),
    dense(5, { activation: "softmax", name: "output" }),
  ],
};

test("a training step is listed op by op", async () => {
  const model = await sequential(MODEL);
  model.compile({ optimizer: adam(), loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  const listing = model.program({ training: true });
  expect(listing).toMatchInlineSnapshot(`
    " 0  gather              rescaling/scaled (B, 16)  source 0  scale 0.00392157
     1  gemmNN              hidden1/elu (B, 9) ← rescaling/scaled (B, 16), hidden1/kernel (16, 9),
                            hidden1/bias (9)  elu  alpha 1
     2  gemmNN              hidden2/tanh (B, 7) ← hidden1/elu (B, 9), hidden2/kernel (9, 7), hidden2/bias (7)
                            tanh
     3  gemmNN              output/z (B, 5) ← hidden2/tanh (B, 7), output/kernel (7, 5), output/bias (5)
     4  gather              y (B, 1)  source 1
     5  sparseSoftmaxCrossentropy  d output/z (B, 5) ← output/z (B, 5), y (B, 1)
     6  sparseAccuracy      output/z (B, 5), y (B, 1)  slot 0
     7  gemmNT              d hidden2/tanh (B, 7) ← d output/z (B, 5), output/kernel (7, 5)
     8  gemmTN              d output/kernel (7, 5) ← hidden2/tanh (B, 7), d output/z (B, 5)
     9  columnSum           d output/bias (5) ← d output/z (B, 5)
    10  activationBackward  d hidden2/z (B, 7) ← d hidden2/tanh (B, 7), hidden2/tanh (B, 7)  tanh
    11  gemmNT              d hidden1/elu (B, 9) ← d hidden2/z (B, 7), hidden2/kernel (9, 7)
    12  activationBackward  d hidden1/z (B, 9) ← d hidden1/elu (B, 9), hidden1/elu (B, 9)  elu  alpha 1
    13  gemmTN              d hidden1/kernel (16, 9) ← rescaling/scaled (B, 16), d hidden1/z (B, 9)
    14  columnSum           d hidden1/bias (9) ← d hidden1/z (B, 9)
    15  guard               segments (2, 4), gradients (272)
    16  adam                parameters (272), m (272), v (272) ← segments (2, 4), gradients (272)"
  `);
  for (const line of listing.split("\n")) expect(line.length).toBeLessThanOrEqual(110);
});

test("a long record goes on below", async () => {
  const name = "a_layer_that_somebody_has_given_quite_a_long_name";
  const model = await sequential({ inputShape: 3, layers: [dense(4, { activation: "elu", name }), dense(2)] });
  const listing = model.program();
  expect(listing).toMatchInlineSnapshot(`
    "0  gather              x (B, 3)  source 0
    1  gemmNN              a_layer_that_somebody_has_given_quite_a_long_name/elu (B, 4) ← x (B, 3),
                           a_layer_that_somebody_has_given_quite_a_long_name/kernel (3, 4),
                           a_layer_that_somebody_has_given_quite_a_long_name/bias (4)  elu  alpha 1
    2  gemmNN              dense/z (B, 2) ← a_layer_that_somebody_has_given_quite_a_long_name/elu (B, 4),
                           dense/kernel (4, 2), dense/bias (2)
    3  store               dense/z (B, 2)"
  `);
  for (const line of listing.split("\n")) expect(line.length).toBeLessThanOrEqual(110);
});

test("so is a prediction", async () => {
  expect((await sequential(MODEL)).program()).toMatchInlineSnapshot(`
    "0  gather              rescaling/scaled (B, 16)  source 0  scale 0.00392157
    1  gemmNN              hidden1/elu (B, 9) ← rescaling/scaled (B, 16), hidden1/kernel (16, 9), hidden1/bias (9)
                           elu  alpha 1
    2  gemmNN              hidden2/tanh (B, 7) ← hidden1/elu (B, 9), hidden2/kernel (9, 7), hidden2/bias (7)  tanh
    3  gemmNN              output/z (B, 5) ← hidden2/tanh (B, 7), output/kernel (7, 5), output/bias (5)
    4  softmax             output/softmax (B, 5) ← output/z (B, 5)
    5  store               output/softmax (B, 5)"
  `);
});
