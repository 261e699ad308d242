// What every bundle does: a small network learns, and says which bits came of it.

export async function run({ adam, dense, sequential }) {
  const x = Float32Array.from({ length: 60 }, (_, i) => ((i * 37) % 23) / 11 - 1);
  const y = Float32Array.from({ length: 30 }, (_, i) => ((i * 11) % 7) / 3 - 1);
  const model = await sequential({ inputShape: 4, layers: [dense(9, { activation: "gelu" }), dense(2)], seed: 5 });
  model.compile({ optimizer: adam({ learningRate: 0.05 }), loss: "meanSquaredError" });
  await model.fit(x, y, { epochs: 5, batchSize: 4 });
  return [...new Uint32Array(model.predict(x).data.buffer)].join();
}

export async function report(action) {
  const outcome = await action().catch((error) => `${error.code ?? ""} ${error.message}`);
  await fetch("/report", { method: "POST", body: JSON.stringify({ outcome }) });
}
