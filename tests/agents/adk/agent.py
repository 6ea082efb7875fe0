"""A Google ADK agent with a session service behind its AG-UI endpoint, at /agent."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
import weather
from serve import serve

from ag_ui_adk import ADKAgent, AGUIToolset, add_adk_fastapi_endpoint
from fastapi import FastAPI
from google.adk.agents import LlmAgent
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.adk.sessions import InMemorySessionService
from google.adk.tools import FunctionTool
from google.genai import types


class Scripted(BaseLlm):
    async def generate_content_async(self, llm_request, stream=False):
        history = []
        for content in llm_request.contents:
            for part in content.parts or []:
                if part.function_response:
                    response = part.function_response.response or {}
                    text = response.get("result", response)
                    text = text if isinstance(text, str) else json.dumps(text)
                    history.append((f"result:{part.function_response.name}", text))
                elif part.text:
                    history.append((content.role, part.text))
        said = await weather.answer(history)
        if called := said.get("call"):
            function = types.FunctionCall(id=called["id"], name=called["name"], args=called["arguments"])
            content = types.Content(role="model", parts=[types.Part(function_call=function)])
            yield LlmResponse(content=content)
            return
        words = said["text"].split(" ")
        for word in words:
            yield LlmResponse(
                content=types.Content(role="model", parts=[types.Part(text=word + " ")]), partial=True
            )
        yield LlmResponse(content=types.Content(role="model", parts=[types.Part(text=" ".join(words) + " ")]))


async def look_up(city: str, unit: str) -> str:
    """The weather in a city"""
    return weather.weather(city, unit)


look_up.__name__ = weather.TOOL

adk = LlmAgent(name="weather", model=Scripted(model="scripted"), tools=[FunctionTool(look_up), AGUIToolset()])
agent = ADKAgent(adk_agent=adk, app_name="weather", user_id="test", session_service=InMemorySessionService())
app = FastAPI()
add_adk_fastapi_endpoint(app, agent, path="/agent")

if __name__ == "__main__":
    serve(app)
