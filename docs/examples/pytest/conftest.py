"""A recording as the agent, for as long as a test needs it."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

RECORDINGS = Path(os.environ.get("RECORDINGS", Path(__file__).parent / "../../../recordings"))


class Replay:
    """A replay on a free port; `url` is where the agent's paths are."""

    def __init__(self, recording, *options):
        program = os.environ.get("SCRUBJAY", "scrubjay")
        command = [program, "replay", str(RECORDINGS / recording), "--json", "--listen", "127.0.0.1:0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        ready = self.process.stdout.readline()
        assert ready, "scrubjay ended before it was ready; see its words above"
        self.url = json.loads(ready)["url"]

    def stop(self):
        """Ends it; gives its status and a line an answer: request, exchange, why."""
        self.process.send_signal(signal.SIGINT)
        out, _ = self.process.communicate()
        return self.process.returncode, [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def replay():
    running = []

    def start(recording, *options):
        running.append(Replay(recording, *options))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.stop()
