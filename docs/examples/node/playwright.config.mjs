// CHROMIUM names a browser that is there already; without it Playwright's own is used.

import { defineConfig } from "@playwright/test";

const executablePath = process.env.CHROMIUM;
export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.mjs",
  reporter: "list",
  use: { launchOptions: { executablePath, args: executablePath ? ["--no-sandbox"] : [] } },
});
