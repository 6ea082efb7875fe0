// CopilotKit's runtime in front of a live agent, for a frontend in a browser.
//
// node front.mjs AGENT_URL
// Prints the runtime's origin on its first line and serves until it is ended.

import { serveRuntime } from "./serve.mjs";

const runtime = await serveRuntime(process.argv[2]);
process.stdout.write(`http://127.0.0.1:${runtime.address().port}\n`);
