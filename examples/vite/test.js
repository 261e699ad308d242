// The built page in Chromium: it trains in a worker, logs no error, and keeps its frames.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessSync } from "node:fs";
import { delimiter, join } from "node:path";
import puppeteer from "puppeteer-core";
import { preview } from "vite";

const executablePath = ["chromium", "chromium-browser", "google-chrome"]
  .flatMap((name) => (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name)))
  .find(exists);
const skip = executablePath === undefined && "no Chromium on PATH";

let browser, server;

before(async () => {
  if (skip) return;
  server = await preview({ preview: { host: "127.0.0.1", port: 0 }, logLevel: "error" });
  browser = await puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
});
after(async () => {
  await browser?.close();
  await server?.close();
});

test("trains in a worker, draws, logs no error, and the page keeps its frames", { skip }, async () => {
  const page = await browser.newPage();
  const errors = [];
  page.on("console", (message) => ["error", "warn"].includes(message.type()) && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("requestfailed", (request) => errors.push(request.url()));
  await page.evaluateOnNewDocument(countFrames);
  await page.goto(`http://127.0.0.1:${server.httpServer.address().port}/`);
  await page.waitForFunction(() => /unseen/.test(document.querySelector("#status").textContent), { timeout: 60_000 });
  assert.deepEqual(errors, []);

  const accuracy = Number(/unseen images: ([\d.]+)/.exec(await page.$eval("#status", (p) => p.textContent))[1]);
  assert.ok(accuracy > 0.95, `accuracy ${accuracy}`);
  assert.ok(
    await page.$eval("#loss", (canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.some((byte) => byte > 0);
    }),
  );

  const { training, epochs } = await page.evaluate(() => window.frames60);
  const idle = await page.evaluate(() => window.rate(1000));
  // The median: a frame or two that something else delays say nothing of the page, and training in it would delay them all.
  const rate = 1000 / training.sort((a, b) => a - b)[training.length >> 1];
  console.log(`${rate.toFixed(1)} frames a second over ${epochs} epochs in a worker; ${idle.toFixed(1)} at rest`);
  assert.ok(training.length > 5, `only ${training.length} frames`); // the training may take a quarter of a second
  assert.ok(rate > 0.85 * idle, `${rate} frames a second, ${idle} at rest`);
});

/** In the page: the time between frames from the first epoch's end to the last. */
function countFrames() {
  window.frames60 = { training: [], epochs: 0 };
  window.rate = (ms) =>
    new Promise((resolve) => {
      let frames = 0;
      const began = performance.now();
      const frame = (now) => {
        if (now - began >= ms) return resolve((1000 * frames) / (now - began));
        frames++;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
  let last;
  let text;
  const frame = (now) => {
    const status = document.querySelector("#status")?.textContent ?? "";
    const trains = status.startsWith("Epoch");
    if (trains && last !== undefined) window.frames60.training.push(now - last);
    if (trains && status !== text) window.frames60.epochs++;
    text = status;
    last = trains ? now : undefined;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

function exists(path) {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}
