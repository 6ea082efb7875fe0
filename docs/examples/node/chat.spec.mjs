// A page in a browser, with a recording for an agent.

import { expect, test as base } from "@playwright/test";
import { fileURLToPath } from "node:url";
import { startReplay } from "./replay.mjs";

const RECORDING = process.env.RECORDING ?? "../../../recordings/tool-call-parallel.agui.jsonl";
// A dev server's address in your project. A replay answers pages of this machine, and a file:// page has no origin.
const PAGE = "http://localhost:3000/chat.html";
const FILE = fileURLToPath(new URL("chat.html", import.meta.url));

/** `replay(...)` serves the recording until the test ends. */
const test = base.extend({
  replay: async ({}, use) => {
    const running = [];
    await use(async (...options) => {
      running.push(await startReplay(RECORDING, ...options));
      return running.at(-1);
    });
    await Promise.all(running.map((replay) => replay.stop()));
  },
});

const open = async (page, url) => {
  await page.route(`${PAGE}*`, (route) => route.fulfill({ path: FILE }));
  await page.goto(`${PAGE}?agent=${url}/tools`);
  await page.getByLabel("Prompt").fill("Compare the weather in Lisbon and Oslo.");
  await page.getByRole("button").click();
};

test("the answer is shown", async ({ page, replay }) => {
  const { url } = await replay("--pace", "10x");
  await open(page, url);
  await expect(page.getByRole("status")).toHaveText("done");
  await expect(page.getByRole("log")).toContainText("Lisbon");
});

test("a busy agent is told", async ({ page, replay }) => {
  const { url } = await replay("--fault", "status:code=503,retry-after=2s");
  await open(page, url);
  await expect(page.getByRole("status")).toHaveText("failed: status 503");
});
