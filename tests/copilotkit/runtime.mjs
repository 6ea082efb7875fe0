// Runs CopilotKit's runtime in front of an agent, once, as a frontend would.
//
// node runtime.mjs AGENT_URL < RunAgentInput
// Prints {messages, state, error}: what a client of the runtime ends with.

import { createServer } from "node:http";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const home = process.env.SCRUBJAY_COPILOTKIT ?? fileURLToPath(new URL("../../target/copilotkit", import.meta.url));
const require = createRequire(`${home}/package.json`);
console.warn = console.error = console.log = console.info = () => {};

const { CopilotRuntime, createCopilotRuntimeHandler } = require("@copilotkit/runtime/v2");
const runtimeRequire = createRequire(require.resolve("@copilotkit/runtime/v2"));
const { HttpAgent: RuntimeHttpAgent } = runtimeRequire("@ag-ui/client");
const { HttpAgent } = require("@ag-ui/client");

const runtime = new CopilotRuntime({ agents: { default: new RuntimeHttpAgent({ url: process.argv[2] }) } });
const handle = createCopilotRuntimeHandler({ runtime, basePath: "/api/copilotkit" });
const server = createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const body = ["GET", "HEAD"].includes(request.method) ? undefined : Buffer.concat(pieces);
  const answer = await handle(new Request(`http://localhost${request.url}`, { method: request.method, headers: request.headers, body }));
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  for await (const piece of answer.body ?? []) response.write(piece);
  response.end();
});
await new Promise((ready) => server.listen(0, "127.0.0.1", ready));

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
