// A Worker that learns the handwritten digits, a few steps a request, and answers which digit an image shows. What it has
// learned is kept in a Durable Object: one that learns, whichever machine it runs on and however often it is moved.

import { init, loadModel } from "lanewise";
import { loadDigits } from "lanewise/data";
import { newborn, TRAINING } from "./digits.js";
import wasm from "./node_modules/lanewise/build/lanewise.wasm"; // compiled when the Worker is deployed

/**
 * Steps a request. A deployed Worker's clock stands still while it computes, so that `maxMs` would never come: steps are what
 * bounds the time.
 */
const STEPS = 20;

// What it takes to begin is paid when the Worker starts, which has a limit of its own, and by no request: one step on blank
// images, of a model that is then forgotten, has the code compiled.
await init(wasm);
(await newborn()).trainOnBatch(new Uint8Array(32 * 64), new Uint8Array(32));

export class Learner {
  #storage;
  #model;
  #digits;
  /** One request after the other: a model that trains refuses another fit. */
  #turn = Promise.resolve();

  constructor(state) {
    this.#storage = state.storage;
  }

  async fetch(request) {
    const answer = this.#turn.then(() => this.#answer(request));
    this.#turn = answer.catch(() => undefined);
    try {
      return await answer;
    } catch (error) {
      const isTheirs = ["ShapeError", "DataError"].includes(error.name);
      return Response.json({ error: error.message, code: error.code }, { status: isTheirs ? 400 : 500 });
    }
  }

  async #answer(request) {
    const { pathname } = new URL(request.url);
    const route = `${request.method} ${pathname}`;
    if (route === "POST /train") return Response.json(await this.#train());
    if (route === "POST /predict") return Response.json(await this.#predict(await request.arrayBuffer()));
    if (route === "GET /model") return new Response((await this.#restored()).toBytes({ includeOptimizer: true }));
    return Response.json(
      { error: `There is no ${route}. There are POST /train, POST /predict, GET /model.` },
      { status: 404 },
    );
  }

  async #train() {
    const model = await this.#restored();
    const { x, y } = (this.#digits ??= (await loadDigits()).train);
    let accuracy;
    const onProgress = (_, logs) => void ({ accuracy } = logs);
    const { stopReason } = await model.fit(x, y, {
      ...TRAINING,
      maxSteps: STEPS,
      resume: true,
      callbacks: [{ onProgress }],
    });
    await this.#storage.put("model", model.toBytes({ includeOptimizer: true }));
    return { done: stopReason === "completed", accuracy };
  }

  async #predict(image) {
    const { data } = (await this.#restored()).predict(new Uint8Array(image));
    const probabilities = Array.from(data.subarray(0, 10));
    return { digit: probabilities.indexOf(Math.max(...probabilities)), probabilities };
  }

  /** As it was stored last; it stays in memory for as long as the object does. */
  async #restored() {
    if (this.#model) return this.#model;
    await init(wasm);
    const stored = await this.#storage.get("model");
    this.#model = stored ? await loadModel(stored) : await newborn();
    return this.#model;
  }
}

export default {
  fetch: (request, env) => env.LEARNER.get(env.LEARNER.idFromName("digits")).fetch(request),
};
