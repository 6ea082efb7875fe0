// A chat with one frontend tool, as CopilotKit's documentation builds it.
// The address of the runtime comes in the page's query: ?runtime=http://…/api/copilotkit

import { createRoot } from "react-dom/client";
import { z } from "zod";
import { CopilotChat, CopilotKitProvider, useFrontendTool } from "@copilotkit/react-core/v2";

function Chat() {
  useFrontendTool({
    name: "change_background",
    description: "Change the background color of the chat.",
    parameters: z.object({ background: z.string().describe("The background. Prefer gradients.") }),
    handler: async ({ background }) => {
      document.body.style.background = background;
      document.body.dataset.background = background;
      return `The background is ${background}.`;
    },
  });
  return <CopilotChat />;
}

const runtime = new URLSearchParams(location.search).get("runtime");
createRoot(document.getElementById("root")).render(
  <CopilotKitProvider runtimeUrl={runtime} showDevConsole={false}>
    <Chat />
  </CopilotKitProvider>,
);
