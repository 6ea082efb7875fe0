"""AgentCore's AG-UI server: one handler behind `POST /invocations` and the WebSocket `/ws`.

Without a model: what it sends depends on the input alone, so that two runs are the same bytes.
"""

import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from ag_ui.core import (
    RunFinishedEvent,
    RunStartedEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
)
from bedrock_agentcore.runtime import AGUIApp
from serve import serve

app = AGUIApp()


@app.entrypoint
async def answer(asked):
    ids = {"thread_id": asked.thread_id, "run_id": asked.run_id}
    yield RunStartedEvent(**ids)
    message_id = f"said-{asked.run_id}"
    yield TextMessageStartEvent(message_id=message_id)
    said = asked.messages[-1].content
    for word in f"You said: {said}".split(" "):
        if word == "fail":
            raise RuntimeError("the agent was asked to fail")
        yield TextMessageContentEvent(message_id=message_id, delta=f"{word} ")
    yield TextMessageEndEvent(message_id=message_id)
    yield RunFinishedEvent(**ids)


# It is made to fail, too, and its tracebacks would be taken for a fault of the test.
logging.getLogger("bedrock_agentcore").setLevel(logging.CRITICAL)
serve(app, log_level="critical")
