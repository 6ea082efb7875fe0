"""What the scripted models of langgraph/, adk/ and agno/ say.

A question about a city: the model calls the backend's tool, then the frontend's tool
`show_card`, and when that was answered it says how many questions the thread has had.
What it remembers comes from the framework's own store of threads, so a thread that the
agent does not know counts wrong.

    WEATHER_TOOL   name of the backend's tool (get_weather)
    WEATHER_UNIT   the argument `unit` of its calls (celsius)
    WEATHER_HANG   a city: asked for it, the model never answers
"""

import asyncio
import json
import os
import uuid

TOOL = os.environ.get("WEATHER_TOOL", "get_weather")
UNIT = os.environ.get("WEATHER_UNIT", "celsius")
HANG = os.environ.get("WEATHER_HANG")


def weather(city: str, unit: str) -> str:
    """The weather in a city."""
    return json.dumps({"city": city, "unit": unit, "degrees": len(city) * 3})


def call(name: str, **arguments) -> dict:
    """A call under an id that was never used before."""
    return {"id": f"call_{uuid.uuid4().hex}", "name": name, "arguments": arguments}


async def answer(history: list[tuple[str, str]]) -> dict:
    """What the model says next. History is pairs of a role and a text; of a tool's result
    the role is `result:` and the tool's name."""
    questions = [text for role, text in history if role == "user"]
    city = questions[-1].split()[-1].strip("?!.") if questions else "nowhere"
    if HANG == city:
        await asyncio.Event().wait()
    since = []
    for role, text in reversed(history):
        if role == "user":
            break
        since.append((role, text))
    results = {role.removeprefix("result:"): text for role, text in since if role.startswith("result:")}
    if TOOL not in results:
        return {"call": call(TOOL, city=city, unit=UNIT)}
    if "show_card" not in results:
        return {"call": call("show_card", title=f"Weather in {city}")}
    return {"text": f"The card for {city} was {results['show_card']}. Questions so far: {len(questions)}."}
