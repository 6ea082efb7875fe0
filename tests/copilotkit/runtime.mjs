// Runs CopilotKit's runtime in front of an agent, once, as a frontend would.
//
// node runtime.mjs AGENT_URL < RunAgentInput
// Prints {messages, state, error}: what a client of the runtime ends with.

import { require, serveRuntime } from "./serve.mjs";

const { HttpAgent } = require("@ag-ui/client");
const server = await serveRuntime(process.argv[2]);

let text = "";
for await (const piece of process.stdin) text += piece;
const input = JSON.parse(text);
const url = `http://127.0.0.1:${server.address().port}/api/copilotkit/agent/default/run`;
const agent = new HttpAgent({ url, threadId: input.threadId, initialMessages: input.messages, initialState: input.state });
let error = null;
try {
  await agent.runAgent({ runId: input.runId, tools: input.tools, context: input.context, forwardedProps: input.forwardedProps });
} catch (thrown) {
  error = String(thrown?.message ?? thrown);
}
process.stdout.write(JSON.stringify({ messages: agent.messages, state: agent.state, error }), () => process.exit(0));
