// A recording as the agent, for as long as a test needs it: for Vitest, Playwright, or any other runner.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Serves a recording on a free port; `url` is where the agent's paths are. */
export async function startReplay(recording, ...options) {
  const program = process.env.SCRUBJAY ?? "scrubjay";
  const args = ["replay", recording, "--json", "--listen", "127.0.0.1:0", ...options];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const [first] = await Promise.race([once(lines, "line"), once(child, "exit").then(() => [""])]);
  if (first === "") throw new Error("scrubjay ended before it was ready; see its words above");
  const answers = [];
  lines.on("line", (line) => answers.push(JSON.parse(line)));
  return {
    url: JSON.parse(first).url,
    /** A line an answer: request, exchange, why. */
    answers,
    /** Ends it; gives 1 when it was strict and a recording was not asked for. */
    async stop() {
      child.kill("SIGINT");
      const [status] = await once(child, "exit");
      return status;
    },
  };
}
