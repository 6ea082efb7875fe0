"""A model that follows a script, behind the HTTP interface of OpenAI's chat completions.

Frameworks call it with their own client library, so that all of them runs but the model.
What it says holds the number of the request: two runs that ask the same get different answers.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

SECONDS_BETWEEN_PIECES = 0.02


def plan(messages, tools, number):
    """The tool that is called next with its arguments, or the words that are said."""
    names = [tool["function"]["name"] for tool in tools]
    last = messages[-1]
    said = str(last.get("content") or "")
    if last["role"] == "tool":
        return None, f"Answer {number}: the tool said {said}"
    if "weather" in said and "get_weather" in names:
        return ("get_weather", {"location": "Vienna"}), None
    if "background" in said and "change_background" in names:
        return ("change_background", {"background": "rgb(255, 126, 95)"}), None
    return None, f"Answer {number}: you said {said}"


def deltas(call, words, number):
    """The parts of one streamed message."""
    if call:
        name, arguments = call
        yield {"role": "assistant", "content": None}
        function = {"name": name, "arguments": ""}
        yield {"tool_calls": [{"index": 0, "id": f"call_{number}", "type": "function", "function": function}]}
        text = json.dumps(arguments)
        for piece in (text[:8], text[8:]):
            yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
        return
    yield {"role": "assistant", "content": ""}
    for word in words.split(" "):
        yield {"content": f"{word} "}


class Model(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    numbers = count(1)

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        number = next(self.numbers)
        call, words = plan(asked["messages"], asked.get("tools") or [], number)
        finish = "tool_calls" if call else "stop"
        if asked.get("stream"):
            self.stream(deltas(call, words, number), finish, number)
        else:
            self.whole(call, words, finish, number)

    def stream(self, parts, finish, number):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        shape = {"id": f"chat_{number}", "object": "chat.completion.chunk", "created": number, "model": "scripted"}
        for part in parts:
            self.piece({**shape, "choices": [{"index": 0, "delta": part, "finish_reason": None}]})
            time.sleep(SECONDS_BETWEEN_PIECES)
        self.piece({**shape, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def piece(self, chunk):
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

    def whole(self, call, words, finish, number):
        message = {"role": "assistant", "content": words}
        if call:
            function = {"name": call[0], "arguments": json.dumps(call[1])}
            message["tool_calls"] = [{"id": f"call_{number}", "type": "function", "function": function}]
        answer = json.dumps(
            {
                "id": f"chat_{number}",
                "object": "chat.completion",
                "created": number,
                "model": "scripted",
                "choices": [{"index": 0, "message": message, "finish_reason": finish}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            }
        ).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Says nothing: standard output is for the agent's address."""


def start():
    """Starts the model on a free port; gives the base URL for a client library."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/v1"
