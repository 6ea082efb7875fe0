// A page in a browser, with a recording for an agent.

import { expect, test as base } from "@playwright/test";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { startReplay } from "./replay.mjs";

const RECORDING = process.env.RECORDING ?? "../../../recordings/tool-call-parallel.agui.jsonl";
const PAGE = new URL("chat.html", import.meta.url);

/** `replay(...)` serves the recording until the test ends. */
const test = base.extend({
  // Your dev server, in the small. A replay answers pages of this machine, and a file:// page has no origin.
  site: async ({}, use) => {
    const html = await readFile(PAGE);
    const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(html));
    await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
    await use(`http://127.0.0.1:${server.address().port}/`);
    server.closeAllConnections();
    server.close();
  },
  replay: async ({}, use) => {
    const running = [];
    await use(async (...options) => {
      running.push(await startReplay(RECORDING, ...options));
      return running.at(-1);
    });
    await Promise.all(running.map((replay) => replay.stop()));
  },
});

const open = async (page, site, url) => {
  await page.goto(`${site}?agent=${url}/tools`);
  await page.getByLabel("Prompt").fill("Compare the weather in Lisbon and Oslo.");
  await page.getByRole("button").click();
};

test("the answer is shown", async ({ page, site, replay }) => {
  const { url } = await replay("--pace", "10x");
  await open(page, site, url);
  await expect(page.getByRole("status")).toHaveText("done");
  await expect(page.getByRole("log")).toContainText("Lisbon");
});

test("the page shows that the agent is busy", async ({ page, site, replay }) => {
  const { url } = await replay("--fault", "status:code=503,retry-after=2s");
  await open(page, site, url);
  await expect(page.getByRole("status")).toHaveText("failed: status 503");
});
