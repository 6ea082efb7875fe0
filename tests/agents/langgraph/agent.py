"""A LangGraph graph with a checkpointer behind its AG-UI endpoint, at /agent."""

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
import weather
from serve import serve

from ag_ui_langgraph import LangGraphAgent, add_langgraph_fastapi_endpoint
from fastapi import FastAPI
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.tools import StructuredTool
from langgraph.checkpoint.memory import MemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode


class State(MessagesState):
    tools: list[Any]


class Scripted(BaseChatModel):
    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        raise NotImplementedError

    async def _agenerate(self, messages, stop=None, run_manager=None, **kwargs):
        said = None
        async for chunk in self._astream(messages):
            said = chunk.message if said is None else said + chunk.message
        return ChatResult(generations=[ChatGeneration(message=AIMessage(**said.model_dump(exclude={"type"})))])

    async def _astream(self, messages, stop=None, run_manager=None, **kwargs):
        roles = {"human": "user", "ai": "assistant"}
        history = [
            (f"result:{m.name}" if m.type == "tool" else roles.get(m.type, m.type), m.text) for m in messages
        ]
        names = {c["id"]: c["name"] for m in messages if m.type == "ai" for c in m.tool_calls}
        history = [
            (f"result:{names.get(m.tool_call_id)}", m.text) if m.type == "tool" else pair
            for m, pair in zip(messages, history)
        ]
        said = await weather.answer(history)
        if called := said.get("call"):
            head = {"index": 0, "id": called["id"], "name": called["name"], "args": ""}
            yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[head]))
            rest = {"index": 0, "id": None, "name": None, "args": json.dumps(called["arguments"])}
            yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=[rest]))
        for word in said.get("text", "").split(" ") if "text" in said else []:
            yield ChatGenerationChunk(message=AIMessageChunk(content=word + " "))


model = Scripted()
tool = StructuredTool.from_function(weather.weather, name=weather.TOOL, description="The weather in a city")


async def think(state: State):
    return {"messages": [await model.ainvoke(state["messages"])]}


def next_node(state: State) -> str:
    calls = state["messages"][-1].tool_calls
    return "act" if any(call["name"] == weather.TOOL for call in calls) else END


graph = StateGraph(State)
graph.add_node("think", think)
graph.add_node("act", ToolNode([tool]))
graph.add_edge(START, "think")
graph.add_conditional_edges("think", next_node, ["act", END])
graph.add_edge("act", "think")

app = FastAPI()
agent = LangGraphAgent(name="weather", graph=graph.compile(checkpointer=MemorySaver()))
add_langgraph_fastapi_endpoint(app, agent, "/agent")

if __name__ == "__main__":
    serve(app)
