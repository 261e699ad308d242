// One network and its training. All that is computed is computed here, off the page's thread.

import { type Callback, loadModel, type Model, type Observation } from "lanewise";
import type { DataSet } from "../data/sets.js";
import { build, compilationOf } from "../network/build.js";
import type { Setup } from "../setup/setup.js";
import { CourseOfTraining } from "./course.js";
import { layersOf } from "./layers.js";
import { type About, type FromWorker, type LayerFigures, type Pace, PACES } from "./messages.js";
import { examplesOf, viewOf } from "./views.js";

/** Between two messages of progress: a page draws sixty times a second, one chart at a time, and a reader sees less. */
const PROGRESS_MS = 80;
const OBSERVE_MS = 120;
const WORK_MS = 500;
/** Between two diagnoses while it trains: so long, and so many times as long as one takes. */
const DIAGNOSE_MS = 1000;
const DIAGNOSE_SHARE = 8;
const CURE_STEPS = 300;

type Post = (message: FromWorker) => void;

export class Session {
  readonly model: Model;
  readonly #setup: Setup;
  readonly #data: DataSet;
  readonly #post: Post;
  readonly #file: string | undefined;
  readonly #ended = new AbortController();
  readonly #course = new CourseOfTraining();
  #trying: AbortController | undefined;
  #layers: readonly LayerFigures[] = [];
  #examples: readonly number[];
  #begun = false;
  #epoch = 0;
  #goal: number;
  #step = 0;
  #running: Promise<void> | undefined;
  #work = { rows: 0, ms: 0, since: 0 };
  #rowsPerSecond = 0;
  #lastProgress = 0;
  #lastObserved = -Infinity;
  #diagnosing = false;
  #nextDiagnosis = Infinity;
  pace: Pace = "watch";

  private constructor(setup: Setup, data: DataSet, model: Model, post: Post, file?: string) {
    this.#setup = setup;
    this.#data = data;
    this.model = model;
    this.#post = post;
    this.#file = file;
    this.#goal = setup.epochs;
    this.#examples = examplesOf(model, data);
  }

  static async begin(setup: Setup, data: DataSet, post: Post): Promise<Session> {
    return new Session(setup, data, await build(setup, data), post);
  }

  /** @throws RangeError where the network in the file is not one for these data */
  static async load(bytes: Uint8Array, name: string, setup: Setup, data: DataSet, post: Post): Promise<Session> {
    const model = await loadModel(bytes);
    const [wanted, has] = [portsOf(await build(setup, data)), portsOf(model)];
    if (wanted !== has) {
      throw new RangeError(
        `The network in ${name} goes from ${has}; this data set needs ${wanted}. Choose the one it learned from.`,
      );
    }
    // A file may come without its training state.
    if (!isCompiled(model)) model.compile(compilationOf(setup, data));
    return new Session(setup, data, model, post, name);
  }

  get about(): About {
    const { kind, classes, notes, features, train, validation, target } = this.#data;
    const dense = this.model.layers.filter(({ className }) => className === "Dense");
    return {
      kind,
      classes,
      notes,
      features,
      trainRows: train.y.length,
      validationRows: validation.y.length,
      ...(target && { target }),
      widths: [features, ...dense.map(({ outputShape }) => outputShape.at(-1)!)],
      parameters: this.model.countParams(),
      file: this.#file,
      points: kind === "points" ? pointsOf(this.#data) : undefined,
      images: kind === "digits" ? (validation.x as Uint8Array) : undefined,
    };
  }

  /** For as many epochs as were asked for; once those are done, for as many again. */
  train(): Promise<void> {
    if (this.#epoch >= this.#goal) this.#goal += this.#setup.epochs;
    return (this.#running ??= this.#fit({}));
  }

  step(): Promise<void> {
    if (this.#epoch >= this.#goal) this.#goal += this.#setup.epochs;
    return (this.#running ??= this.#fit({ maxSteps: 1 }));
  }

  async pause(): Promise<void> {
    this.model.stopTraining = true;
    await this.#running;
  }

  /** Nothing is heard of it from then on. */
  async end(): Promise<void> {
    this.#ended.abort();
    this.#trying?.abort();
    await this.pause();
  }

  /** Looks at the network as it is, also while it trains. */
  async diagnose(): Promise<void> {
    if (this.#diagnosing) return;
    this.#diagnosing = true;
    const { x, y } = this.#data.train;
    const began = performance.now();
    try {
      const options = { batchSize: this.#setup.batchSize, signal: this.#ended.signal };
      const { findings } = await this.model.diagnose(x, y, options);
      this.#tell({ type: "findings", findings });
    } finally {
      this.#diagnosing = false;
      const now = performance.now();
      this.#nextDiagnosis = now + Math.max(DIAGNOSE_MS, DIAGNOSE_SHARE * (now - began));
    }
  }

  /** Tells of the cures that were tried; of none, where nobody waits for them any more. */
  async tryCures(): Promise<void> {
    const { x, y } = this.#data.train;
    this.#trying = new AbortController();
    const { signal } = this.#trying;
    const report = await this.model.diagnose(x, y, {
      batchSize: this.#setup.batchSize,
      tryCures: true,
      cureSteps: CURE_STEPS,
      signal,
      onProgress: ({ training, trainings, cure }) => this.#tell({ type: "trying", share: training / trainings, cure }),
    });
    if (!signal.aborted) this.#tell({ type: "tried", cures: report.cures ?? [] });
  }

  stopTrying(): void {
    this.#trying?.abort();
  }

  async reportPage(): Promise<string> {
    const { x, y } = this.#data.train;
    return (await this.model.diagnose(x, y, { batchSize: this.#setup.batchSize })).toHtml();
  }

  progress(): void {
    const began = (this.#lastProgress = performance.now());
    this.#tell({
      type: "progress",
      progress: {
        running: this.#running !== undefined,
        epoch: this.#epoch,
        epochs: this.#goal,
        step: this.#step,
        rowsPerSecond: this.#rowsPerSecond,
        course: this.#course.toJSON(),
        layers: this.#layers,
        view: viewOf(this.model, this.#data, this.#examples),
      },
    });
    this.#work.since += performance.now() - began; // no part of the training's work
  }

  async #fit(limits: { readonly maxSteps?: number }): Promise<void> {
    const { train, validation } = this.#data;
    try {
      const { stopReason, detail } = await this.model.fit(train.x, train.y, {
        ...limits,
        epochs: this.#goal,
        batchSize: this.#setup.batchSize,
        validationData: [validation.x, validation.y],
        ...(this.#setup.weighClasses && this.#data.classes.length > 0 && { classWeight: weightsOf(this.#data) }),
        resume: this.#begun, // a network from a file counts its epochs anew
        callbacks: [this.#listener()],
      });
      this.#running = undefined;
      this.#examples = examplesOf(this.model, this.#data);
      this.progress();
      this.#tell({ type: "stopped", reason: stopReason, detail });
      void this.#rediagnose();
    } finally {
      this.#running = undefined;
    }
  }

  #listener(): Callback {
    const due = () => performance.now() - this.#lastObserved > OBSERVE_MS;
    return {
      name: "playground",
      // By the clock: on a small network ten steps go by in a twinkling.
      get observeEvery() {
        return due() ? 1 : undefined;
      },
      onTrainBegin: () => {
        this.#begun = true;
        this.#work.since = performance.now();
      },
      onObservation: (observation: Observation) => {
        this.#lastObserved = performance.now();
        this.#layers = layersOf(observation);
        this.#step = observation.step + 1;
      },
      onProgress: (batch, _logs, { info }) => {
        this.#step = this.#epoch * info.stepsPerEpoch + batch;
        if (performance.now() - this.#lastProgress > PROGRESS_MS) this.progress();
      },
      onEpochEnd: async (epoch, logs, { info }) => {
        this.#epoch = epoch + 1;
        this.#course.add(epoch + 1, logs);
        this.#measure(info.samples);
        if (performance.now() > this.#nextDiagnosis) void this.#rediagnose();
        if (performance.now() - this.#lastProgress > PROGRESS_MS) this.progress();
        await this.#keepPace();
        this.#work.since = performance.now();
      },
    };
  }

  /** What cannot be diagnosed was told of when the session began. */
  async #rediagnose(): Promise<void> {
    await this.diagnose().catch(() => undefined);
  }

  /** Rows of training a second, over half a second of work: what the page's pace has it wait does not count. */
  #measure(rows: number): void {
    this.#work.rows += rows;
    this.#work.ms += performance.now() - this.#work.since;
    if (this.#work.ms > WORK_MS || this.#rowsPerSecond === 0)
      this.#rowsPerSecond = (this.#work.rows / this.#work.ms) * 1000;
    if (this.#work.ms > WORK_MS) [this.#work.rows, this.#work.ms] = [0, 0];
  }

  /** Waits out the epoch's time, and hears of a pause meanwhile. */
  async #keepPace(): Promise<void> {
    const { epochsPerSecond } = PACES.find(({ value }) => value === this.pace)!;
    if (epochsPerSecond === Infinity) return;
    const until = performance.now() + 1000 / epochsPerSecond;
    while (performance.now() < until && !this.model.stopTraining) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(30, until - performance.now())));
    }
  }

  #tell(message: FromWorker): void {
    if (!this.#ended.signal.aborted) this.#post(message);
  }
}

function portsOf({ inputShape, outputShape }: Model): string {
  return `${inputShape.join(" × ")} values to ${outputShape.join(" × ")}`;
}

function isCompiled(model: Model): boolean {
  try {
    return model.learningRate >= 0;
  } catch {
    return false;
  }
}

function pointsOf({ train, validation }: DataSet): About["points"] {
  const x = Float32Array.of(...train.x, ...validation.x);
  const y = Int32Array.of(...train.y, ...validation.y);
  return { x, y, trainRows: train.y.length };
}

/** As if every class had as many rows as the largest. */
function weightsOf({ classes, train }: DataSet): Record<number, number> {
  const counts = classes.map((_, label) => train.y.filter((own) => own === label).length);
  const most = Math.max(...counts);
  return Object.fromEntries(counts.map((count, label) => [label, count > 0 ? most / count : 1]));
}
