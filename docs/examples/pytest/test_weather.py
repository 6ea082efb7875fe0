"""What a client of the agent makes of a recorded run."""

import json
import urllib.error
import urllib.request

import pytest


def events(url, prompt):
    """Asks the agent, and gives its events as they come."""
    run_input = {
        "threadId": "thread-of-this-test",
        "runId": "run-of-this-test",
        "state": {},
        "messages": [{"id": "1", "role": "user", "content": prompt}],
        "tools": [],
        "context": [],
        "forwardedProps": {},
    }
    headers = {"content-type": "application/json", "accept": "text/event-stream"}
    request = urllib.request.Request(f"{url}/tools", json.dumps(run_input).encode(), headers)
    with urllib.request.urlopen(request) as response:
        for line in response:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])


def test_the_recorded_answer_comes_with_the_ids_of_this_test(replay):
    agent = replay("tool-call-parallel.agui.jsonl", "--pace", "instant", "--strict")
    got = list(events(agent.url, "Compare the weather in Lisbon and Oslo."))
    assert got[0]["type"] == "RUN_STARTED"
    assert got[0]["runId"] == "run-of-this-test"
    assert [event["type"] for event in got].count("TOOL_CALL_START") == 2
    status, answers = agent.stop()
    assert status == 0, "every recording was asked for"
    assert answers[0]["exchange"] == 0


def test_another_prompt_gets_no_answer_for_a_reason(replay):
    agent = replay("tool-call-parallel.agui.jsonl")
    with pytest.raises(urllib.error.HTTPError) as miss:
        list(events(agent.url, "Compare the weather in Lisbon and Rome."))
    answer = json.load(miss.value)
    assert miss.value.code == 404
    assert answer["nearest"][0]["differences"][0]["pointer"] == "/messages/0/content"
