// CopilotKit's runtime, as a server in front of an agent.

import { createServer } from "node:http";
import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const home = process.env.SCRUBJAY_COPILOTKIT ?? fileURLToPath(new URL("../../target/copilotkit", import.meta.url));
export const require = createRequire(`${home}/package.json`);
console.warn = console.error = console.log = console.info = () => {};

/** Serves the runtime on a free port of loopback. */
export async function serveRuntime(agentUrl) {
  const { CopilotRuntime, createCopilotRuntimeHandler } = require("@copilotkit/runtime/v2");
  const { HttpAgent } = createRequire(require.resolve("@copilotkit/runtime/v2"))("@ag-ui/client");
  const runtime = new CopilotRuntime({ agents: { default: new HttpAgent({ url: agentUrl }) } });
  const handle = createCopilotRuntimeHandler({ runtime, basePath: "/api/copilotkit", cors: true });
  const server = createServer(async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const body = ["GET", "HEAD", "OPTIONS"].includes(request.method) ? undefined : Buffer.concat(pieces);
    const { method, headers } = request;
    const answer = await handle(new Request(`http://localhost${request.url}`, { method, headers, body }));
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    for await (const piece of answer.body ?? []) response.write(piece);
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}
