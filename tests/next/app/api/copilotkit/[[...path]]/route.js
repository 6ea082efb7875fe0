// CopilotKit's runtime in front of the agent at AGENT_URL.
import { HttpAgent } from "@ag-ui/client";
import { CopilotRuntime, createCopilotRuntimeHandler } from "@copilotkit/runtime/v2";

const runtime = new CopilotRuntime({ agents: { default: new HttpAgent({ url: process.env.AGENT_URL }) } });
const handle = createCopilotRuntimeHandler({ runtime, basePath: "/api/copilotkit" });

export { handle as GET, handle as POST, handle as OPTIONS };
