// Runs the official HttpAgent once, and prints what it ends with.
//
// node http-agent.mjs URL < RunAgentInput
// Prints {messages, state, error}: error is null or the message of the rejection.

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
const input = JSON.parse(text);
console.warn = () => {};
console.error = () => {};
// When a body breaks off, the client leaves a second rejection to nobody; the first one is what is printed.
process.on("uncaughtException", () => {});
const agent = new HttpAgent({
  url: process.argv[2],
  threadId: input.threadId,
  initialMessages: input.messages,
  initialState: input.state,
});
let error = null;
try {
  const { runId, tools, context, forwardedProps, resume } = input;
  await agent.runAgent({ runId, tools, context, forwardedProps, ...(resume && { resume }) });
} catch (thrown) {
  error = String(thrown?.message ?? thrown);
}
process.stdout.write(JSON.stringify({ messages: agent.messages, state: agent.state, error }));
