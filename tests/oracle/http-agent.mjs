// Runs the official HttpAgent, once or several times one after the other.
//
// node http-agent.mjs URL < RunAgentInput
// node http-agent.mjs ORIGIN < [{target, input}]
// Prints {messages, state, error, runError}, or a list of them: error is the message of the rejection, runError what
// a RUN_ERROR says, which ends a run without a rejection; each is null where there is none.

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

async function run(url, input) {
  const { threadId, runId, messages, state, tools, context, forwardedProps, resume } = input;
  const agent = new HttpAgent({ url, threadId, initialMessages: messages, initialState: state });
  let [error, runError] = [null, null];
  const onRunErrorEvent = ({ event }) => void (runError = `RUN_ERROR ${event.code}: ${event.message}`);
  try {
    await agent.runAgent({ runId, tools, context, forwardedProps, ...(resume && { resume }) }, { onRunErrorEvent });
  } catch (thrown) {
    error = String(thrown?.message ?? thrown);
  }
  return { messages: agent.messages, state: agent.state, error, runError };
}

let text = "";
for await (const piece of process.stdin) text += piece;
console.warn = () => {};
console.error = () => {};
// When a body breaks off, the client leaves a second rejection that nothing catches; the first one is what is printed.
process.on("uncaughtException", () => {});
const [url, asked] = [process.argv[2], JSON.parse(text)];
let ended;
if (Array.isArray(asked)) {
  ended = [];
  for (const { target, input } of asked) ended.push(await run(url + target, input));
} else {
  ended = await run(url, asked);
}
process.stdout.write(JSON.stringify(ended));
