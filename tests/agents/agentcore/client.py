"""A WebSocket client as users of AgentCore write it.

client.py URL: sends each line of its input as a message, then prints a line of JSON for each message that comes,
and one with the close.
"""

import asyncio
import json
import sys

import websockets


async def main(url):
    async with websockets.connect(url, max_size=None) as socket:
        for line in sys.stdin:
            await socket.send(line.rstrip("\n"))
        try:
            while True:
                print(json.dumps({"message": await socket.recv()}))
        except websockets.ConnectionClosed as closed:
            received = closed.rcvd
            print(json.dumps({"close": received and [received.code, received.reason]}))


asyncio.run(main(sys.argv[1]))
