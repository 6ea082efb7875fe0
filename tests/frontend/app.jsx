// A chat with one frontend tool, as CopilotKit's documentation builds it.
// The address of the runtime comes in the page's query: ?runtime=http://…/api/copilotkit
// and so may a thread to continue: &thread=…

import { createRoot } from "react-dom/client";
import { z } from "zod";
import { CopilotChat, CopilotKitProvider, useFrontendTool } from "@copilotkit/react-core/v2";

const query = new URLSearchParams(location.search);

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
  return <CopilotChat threadId={query.get("thread") ?? undefined} />;
}

createRoot(document.getElementById("root")).render(
  <CopilotKitProvider runtimeUrl={query.get("runtime")} showDevConsole={false}>
    <Chat />
  </CopilotKitProvider>,
);
