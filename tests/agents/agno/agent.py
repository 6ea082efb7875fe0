"""An Agno agent with a database behind its AG-UI interface, at /agui."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
os.environ["AGNO_TELEMETRY"] = "false"
import weather
from serve import serve

from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.models.base import Model
from agno.models.response import ModelResponse
from agno.os.interfaces.agui import AGUI
from agno.tools.function import Function
from fastapi import FastAPI


class Scripted(Model):
    def invoke(self, *args, **kwargs):
        raise NotImplementedError

    async def ainvoke(self, *args, **kwargs):
        raise NotImplementedError

    def invoke_stream(self, *args, **kwargs):
        raise NotImplementedError

    def _parse_provider_response(self, response, **kwargs):
        return response

    def _parse_provider_response_delta(self, response):
        return response

    async def ainvoke_stream(self, messages, **kwargs):
        names = {
            called["id"]: called["function"]["name"]
            for message in messages
            for called in message.tool_calls or []
        }
        history = [
            (
                f"result:{names.get(message.tool_call_id, message.tool_name)}" if message.role == "tool" else message.role,
                message.get_content_string(),
            )
            for message in messages
        ]
        said = await weather.answer(history)
        if called := said.get("call"):
            function = {"name": called["name"], "arguments": json.dumps(called["arguments"])}
            yield ModelResponse(
                role="assistant", tool_calls=[{"id": called["id"], "type": "function", "function": function}]
            )
            return
        for word in said["text"].split(" "):
            yield ModelResponse(role="assistant", content=word + " ")


def look_up(city: str, unit: str) -> str:
    """The weather in a city"""
    return weather.weather(city, unit)


agent = Agent(
    id="weather",
    name="weather",
    model=Scripted(id="scripted", name="scripted", provider="scripted"),
    tools=[Function(name=weather.TOOL, description="The weather in a city", entrypoint=look_up)],
    db=InMemoryDb(),
    add_history_to_context=True,
    telemetry=False,
)
app = FastAPI()
app.include_router(AGUI(agent=agent).get_router())

if __name__ == "__main__":
    serve(app)
