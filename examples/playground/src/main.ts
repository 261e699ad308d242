// The page: what is set up, what the worker tells of it, and who shows that.

import type { Cure, TriedCure } from "lanewise";
import { BROKEN, cured, labelOf } from "./setup/cures.js";
import { type FieldName, type Setup } from "./setup/setup.js";
import { hashOf, readHash } from "./setup/share.js";
import { startTrainer } from "./trainer.js";
import { AnswersPanel } from "./ui/answers.js";
import { CoursePanel, LayersPanel, measureOf } from "./ui/charts.js";
import { makeControls } from "./ui/controls.js";
import { DiagnosisPanel } from "./ui/diagnosis.js";
import { at, setText } from "./ui/dom.js";
import { download, onDrop } from "./ui/files.js";
import { DigitPad } from "./ui/pad.js";
import { TableChooser } from "./ui/table.js";
import { startTheme } from "./ui/theme.js";
import { Transport } from "./ui/transport.js";
import type { About, Progress } from "./worker/messages.js";

/** A slider sends many values; the network is made of the one it rests on. */
const SETTLE_MS = 120;
/** What is drawn on the pad is read again as the network learns. */
const REREAD_MS = 250;
const NARROW = "(max-width: 819px)";

interface Next {
  readonly train?: boolean;
  /** To be said first. */
  readonly told?: string;
  readonly then?: (() => void) | undefined;
}

let { setup, complaints } = readHash(location.hash);
let about: About | undefined;
let progress: Progress | undefined;
let running = false;
/** What is to be done once the next network stands. */
let next: Next = {};
let trying = false;
let settling: ReturnType<typeof setTimeout> | undefined;
let lastRead = 0;

// ── Parts ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const answers = new AnswersPanel();
const course = new CoursePanel();
const layers = new LayersPanel();
const diagnosis = new DiagnosisPanel({
  apply: (remedy) => cure(setup, remedy),
  stopTrying,
  report: () => trainer.tell({ type: "report" }),
});
const pad = new DigitPad((pixels) => trainer.tell({ type: "recognize", pixels }));
const chooser = new TableChooser(openFile, () => setup.data === "csv" && begin());
const controls = makeControls(at("fields"), chooser.element, (name, value) => change(name, value));
const transport = new Transport({
  train: () => (running ? pause() : train()),
  step: () => trainer.tell({ type: "step" }),
  reset: () => begin({ told: "A new network, from the same seed." }),
  break: breakIt,
  cure: tryCures,
  pace: (pace) => trainer.tell({ type: "pace", pace }),
});

const trainer = startTrainer(
  {
    begun(message) {
      about = message.about;
      answers.begin(about);
      course.begin(about);
      transport.begin(about);
      diagnosis.clear();
      pad.begin(about.images);
      transport.enable(true);
      setRunning(false);
      next.then?.();
      if (next.train) train();
      tell([next.told, sentenceOf(about), ...about.notes].filter(Boolean).join(" "));
      next = {};
    },
    progress(message) {
      progress = message.progress;
      answers.show(progress.view);
      course.show(progress.course);
      layers.show(progress.layers);
      transport.show(progress);
      if (performance.now() - lastRead < REREAD_MS && progress.running) return;
      lastRead = performance.now();
      pad.ask();
    },
    stopped({ reason, detail }) {
      setRunning(false);
      if (trying || (setup.data === "csv" && !chooser.choice)) return;
      if (reason === "nonFinite") complain(detail ?? "Training stopped: a number was not finite.");
      else tell(`${reason === "completed" ? "Done" : "Paused"} after ${result()}`);
    },
    findings: ({ findings }) => diagnosis.show(findings),
    trying({ share, cure }) {
      if (trying) diagnosis.trying(share, cure);
    },
    tried: ({ cures }) => cureWithBest(cures),
    recognized: ({ probabilities }) => pad.show(probabilities),
    saved({ bytes, name }) {
      download(`${name}.safetensors`, bytes, "application/octet-stream");
      tell(`Saved as ${name}.safetensors: the network and the state of its training.`);
    },
    reported: ({ html }) => download("diagnosis.html", html, "text/html"),
    table(message) {
      if (setup.data !== "csv") set({ ...setup, data: "csv" });
      chooser.show(message);
    },
    failed({ during, message }) {
      next = {};
      if (during === "tryCures") stopTrying();
      if (during === "train" || during === "step") setRunning(false);
      complain(message);
    },
  },
  (message) => complain(message),
);

// ── What is done ────────────────────────────────────────────────────────────────────────────────────────────────────

function set(next: Setup): void {
  setup = next;
  controls.show(setup);
  chooser.element.hidden = setup.data !== "csv";
  const hash = hashOf(setup);
  history.replaceState(null, "", hash === "" ? location.pathname + location.search : `#${hash}`);
}

function change(name: FieldName, value: unknown): void {
  set({ ...setup, [name]: value });
  clearTimeout(settling);
  settling = setTimeout(() => begin({ train: running || next.train === true }), SETTLE_MS);
}

/** A new network as it is set up, trained at once where asked for. */
function begin(then: Next = {}): void {
  clearTimeout(settling);
  if (trying) stopTrying();
  next = then;
  if (setup.data === "csv" && !chooser.choice) {
    pause();
    transport.enable(false);
    return tell("Choose a CSV file to learn from.");
  }
  trainer.tell({ type: "begin", setup, table: chooser.choice });
}

function train(): void {
  setRunning(true);
  trainer.tell({ type: "train" });
  tell("Training.");
}

function pause(): void {
  trainer.tell({ type: "pause" });
}

function breakIt(): void {
  set({ ...setup, ...BROKEN });
  begin({ train: true, told: "Broken: ten layers of sigmoids, first weights of N(0, 1), plain gradient descent." });
}

function tryCures(): void {
  trying = true;
  at<HTMLButtonElement>("cure").disabled = true;
  diagnosis.trying(0, "");
  tell("Trying cures: the network is trained briefly with each.");
  trainer.tell({ type: "pause" });
  trainer.tell({ type: "tryCures" });
}

function stopTrying(): void {
  trying = false;
  at<HTMLButtonElement>("cure").disabled = false;
  trainer.tell({ type: "stopTrying" });
  diagnosis.stopTrying();
}

function cureWithBest(cures: readonly TriedCure[]): void {
  if (!trying) return;
  stopTrying();
  const [best] = cures;
  const ill = setup;
  const apply = (one: TriedCure) => cure(ill, one.remedy, () => diagnosis.tried(cures, one, apply));
  if (best && best.remedy.length > 0) apply(best);
  else {
    diagnosis.tried(cures, undefined, apply);
    tell(best ? "No cure does better than the network as it is." : "The diagnosis finds nothing to cure.");
  }
}

function cure(ill: Setup, remedy: readonly Cure[], then?: () => void): void {
  set(cured(ill, remedy));
  begin({ train: true, told: `Cured by ${labelOf(remedy)}.`, then });
}

function openFile(file: File): void {
  tell(`Reading ${file.name}…`);
  if (/\.safetensors$/i.test(file.name)) {
    void file
      .arrayBuffer()
      .then((bytes) => trainer.tell({ type: "load", name: file.name, bytes: new Uint8Array(bytes) }));
  } else trainer.tell({ type: "table", file });
}

// ── What is told ────────────────────────────────────────────────────────────────────────────────────────────────────

function tell(message: string): void {
  at("alert").hidden = true;
  at("status").hidden = false;
  setText(at("status"), message);
}

function complain(message: string): void {
  at("status").hidden = true;
  at("alert").hidden = false;
  setText(at("alert"), message);
}

function setRunning(runs: boolean): void {
  running = runs;
  transport.running(runs);
}

function result(): string {
  if (!about || !progress || progress.course.epochs.length === 0) return `step ${progress?.step ?? 0}.`;
  const { name, label, told } = measureOf(about);
  return `${progress.epoch} epochs: validation ${label === "R²" ? label : label.toLowerCase()} ${told(progress.course.figures[`val_${name}`]?.at(-1))}.`;
}

function sentenceOf({ widths, parameters, trainRows, validationRows, file }: About): string {
  const shape = widths.length > 8 ? `${widths.slice(0, 3).join("-")}-…-${widths.at(-1)}` : widths.join("-");
  const from = file ? `Network from ${file}: ` : "";
  return `${from}${shape}, ${parameters.toLocaleString("en")} parameters; ${trainRows.toLocaleString("en")} rows to learn from, ${validationRows.toLocaleString("en")} to judge by.`;
}

// ── Begin ───────────────────────────────────────────────────────────────────────────────────────────────────────────

startTheme();
at<HTMLDetailsElement>("setup").open = !matchMedia(NARROW).matches;
at("fields").addEventListener("submit", (event) => event.preventDefault());
at("save").addEventListener("click", () => trainer.tell({ type: "save" }));
at("load").addEventListener("change", ({ currentTarget }) => {
  const input = currentTarget as HTMLInputElement;
  const file = input.files?.[0];
  input.value = "";
  if (file) openFile(file);
});
at("share").addEventListener("click", () => {
  navigator.clipboard
    .writeText(location.href)
    .then(() => tell("The link to this set-up is copied."))
    .catch(() => complain("The browser does not allow copying: the address of this page is the link."));
});
addEventListener("hashchange", () => {
  ({ setup, complaints } = readHash(location.hash));
  open();
});
onDrop(openFile);
open();

function open(): void {
  const wrong = complaints;
  set(setup);
  begin({ told: wrong.length > 0 ? `The link was not all understood: ${wrong.join(" ")}` : "" });
}
