"use client";

import { useState } from "react";
import { CopilotChat, CopilotKitProvider } from "@copilotkit/react-core/v2";

export default function Page() {
  const [clicks, setClicks] = useState(0);
  return (
    <CopilotKitProvider runtimeUrl="/api/copilotkit" showDevConsole={false}>
      <h1>Before the edit</h1>
      <button data-clicks={clicks} onClick={() => setClicks(clicks + 1)}>
        Count
      </button>
      <CopilotChat />
    </CopilotKitProvider>
  );
}
