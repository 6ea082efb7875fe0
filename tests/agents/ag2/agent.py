"""An AG2 agent, mounted on FastAPI as AG2's tutorial does it, with a scripted model."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import model
from ag2 import Agent
from ag2.ag_ui import AGUIStream
from ag2.config import OpenAIConfig
from fastapi import FastAPI
from serve import serve


def get_weather(location: str) -> dict:
    """Get the weather of a place."""
    return {"location": location, "temperature": 21.5, "conditions": "Partly cloudy"}


agent = Agent(
    "assistant",
    prompt="You are a helpful assistant.",
    config=OpenAIConfig(model="scripted", base_url=model.start(), api_key="none", streaming=True),
    tools=[get_weather],
)
app = FastAPI()
app.mount("/chat", AGUIStream(agent).build_asgi())
serve(app)
