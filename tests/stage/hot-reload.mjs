// A page of a dev server in Chromium, driven by Playwright: node hot-reload.mjs URL < {"playwright", "chromium", "file", "from", "to"}
//
// Clicks its button once, edits its source, and waits for the edit in the heading. Prints how many clicks the page
// shows before and after, and whether it was loaded again. The edit waits until the page has subscribed to its updates
// and its socket is quiet: Next.js loses an edit before that, with a proxy between or without.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

/** A socket on which nothing passed for so long is quiet. */
const QUIET_MS = 1500;

const { playwright, chromium: executablePath, file, from, to } = JSON.parse(await text(process.stdin));
const { chromium } = createRequire(playwright)("playwright-core");
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-background-networking"],
});
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  const socket = { subscribed: false, lastFrameAt: Date.now() };
  page.on("websocket", (opened) => {
    const passes = () => (socket.lastFrameAt = Date.now());
    opened.on("framereceived", passes);
    opened.on("framesent", ({ payload }) => {
      socket.subscribed ||= String(payload).includes("turbopack-subscribe");
      passes();
    });
  });
  await page.goto(process.argv[2]);
  const button = page.locator("[data-clicks]");
  // Before its scripts run the page has no handlers: press until one answers.
  while ((await button.getAttribute("data-clicks")) === "0") {
    await button.click();
    await page.waitForTimeout(100);
  }
  const deadline = Date.now() + 60_000;
  while (!socket.subscribed || Date.now() - socket.lastFrameAt < QUIET_MS) {
    if (Date.now() > deadline) throw new Error("the page does not subscribe to its updates");
    await page.waitForTimeout(50);
  }
  const before = await button.getAttribute("data-clicks");
  await page.evaluate(() => (window.loadedOnce = true));
  const source = readFileSync(file, "utf8");
  if (!source.includes(from)) throw new Error(`${file} does not say ${from}`);
  writeFileSync(file, source.replace(from, to));
  await page.locator("h1", { hasText: to }).waitFor();
  const after = await button.getAttribute("data-clicks");
  const loadedAgain = !(await page.evaluate(() => window.loadedOnce));
  console.log(JSON.stringify({ before, after, loadedAgain }));
} finally {
  await browser.close();
}
