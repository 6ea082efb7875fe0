"""An AG2 agent, mounted on FastAPI as AG2's tutorial does it, with a scripted model."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import model
from autogen import ConversableAgent, LLMConfig
from autogen.ag_ui import AGUIStream
from fastapi import FastAPI
from serve import serve


def get_weather(location: str) -> dict:
    """Get the weather of a place."""
    return {"location": location, "temperature": 21.5, "conditions": "Partly cloudy"}


agent = ConversableAgent(
    name="assistant",
    system_message="You are a helpful assistant.",
    llm_config=LLMConfig(
        {"model": "scripted", "base_url": model.start(), "api_key": "none", "stream": True, "price": [0, 0]},
        cache_seed=None,
    ),
    functions=[get_weather],
)
app = FastAPI()
app.mount("/chat", AGUIStream(agent).build_asgi())
serve(app)
