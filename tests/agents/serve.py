"""Serves an ASGI application on a free port of loopback and prints its origin."""

import socket

import uvicorn


def serve(app, log_level="warning"):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    # Connections wait in the queue from here on, so the address may be printed before the server runs.
    listener.listen(128)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level=log_level)).run(sockets=[listener])
