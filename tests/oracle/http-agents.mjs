// Runs the official HttpAgent several times, one after the other.
//
// node http-agents.mjs ORIGIN < [{target, input}]
// Prints a list of {messages, error}: error is null, the run's error or the message of the rejection.

import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const home = [process.env.SCRUBJAY_ORACLE, `${root}target/oracle`].filter(Boolean).find((folder) => existsSync(`${folder}/node_modules`));
if (home === undefined) {
  console.error("The official client is not installed: cargo xtask setup installs it.");
  process.exit(2);
}
const { HttpAgent } = createRequire(`${home}/package.json`)("@ag-ui/client");

let text = "";
for await (const piece of process.stdin) text += piece;
console.warn = () => {};
console.error = () => {};
const ended = [];
for (const { target, input } of JSON.parse(text)) {
  const { threadId, runId, messages, state, tools, context, forwardedProps } = input;
  const agent = new HttpAgent({ url: process.argv[2] + target, threadId, initialMessages: messages, initialState: state });
  let error = null;
  try {
    // A RUN_ERROR ends a run without a rejection.
    const onRunErrorEvent = ({ event }) => void (error = `RUN_ERROR ${event.code}: ${event.message}`);
    await agent.runAgent({ runId, tools, context, forwardedProps }, { onRunErrorEvent });
  } catch (thrown) {
    error = String(thrown?.message ?? thrown);
  }
  ended.push({ messages: agent.messages, error });
}
process.stdout.write(JSON.stringify(ended));
