// CopilotKit's runtime in front of a scripted agent, for a frontend in a browser.
//
// node backend.mjs
// Prints the runtime's origin on its first line and serves until it is ended. The agent asks
// the frontend to run its tool, and says so once the result has come.

import { createServer } from "node:http";
import { once } from "node:events";
import { serveRuntime } from "./serve.mjs";

const events = ({ threadId, runId, messages }) => {
  const started = { type: "RUN_STARTED", threadId, runId };
  const finished = { type: "RUN_FINISHED", threadId, runId };
  const result = messages.findLast((message) => message.role === "tool");
  const words = result ? ["Done: ", "the background ", "is a warm ", "orange now."] : ["Sure, ", "changing ", "it."];
  const messageId = `said-${runId}`;
  const said = [
    { type: "TEXT_MESSAGE_START", messageId, role: "assistant" },
    ...words.map((delta) => ({ type: "TEXT_MESSAGE_CONTENT", messageId, delta })),
    { type: "TEXT_MESSAGE_END", messageId },
  ];
  if (result) return [started, ...said, finished];
  const toolCallId = `call-${runId}`;
  const called = [
    { type: "TOOL_CALL_START", toolCallId, toolCallName: "change_background", parentMessageId: messageId },
    { type: "TOOL_CALL_ARGS", toolCallId, delta: '{"background":' },
    { type: "TOOL_CALL_ARGS", toolCallId, delta: '"rgb(255, 126, 95)"}' },
    { type: "TOOL_CALL_END", toolCallId },
  ];
  return [started, ...said, ...called, finished];
};

const agent = createServer(async (request, response) => {
  let text = "";
  for await (const piece of request) text += piece;
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of events(JSON.parse(text))) {
    response.write(`data: ${JSON.stringify(event)}\n\n`);
    await new Promise((next) => setTimeout(next, 60));
  }
  response.end();
});
agent.listen(0, "127.0.0.1");
await once(agent, "listening");
const runtime = await serveRuntime(`http://127.0.0.1:${agent.address().port}/`);
process.stdout.write(`http://127.0.0.1:${runtime.address().port}\n`);
