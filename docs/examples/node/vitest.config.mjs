import { defineConfig } from "vitest/config";

// Playwright's tests are its own.
export default defineConfig({ test: { include: ["*.test.mjs"] } });
