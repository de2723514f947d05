"""A real server on a loopback port for the length of a test: simulators and anything else that is an ASGI app."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from bookingbridge.api.express import ExpressProtocol

App = Any


@contextmanager
def serving(app: App) -> Iterator[str]:
    """`app` answers at the yielded base URL, such as http://127.0.0.1:41523, until the block ends."""
    with serving_made(lambda _: app) as base_url:
        yield base_url


@contextmanager
def serving_made(make: Callable[[str], App]) -> Iterator[str]:
    """Like `serving`, for an app that must know its base URL before it is made."""
    listener = socket.create_server(("127.0.0.1", 0))
    base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    # Through the same protocol as the product; it is uvicorn's own for an app without short ways.
    config = uvicorn.Config(
        make(base_url), log_level="critical", lifespan="on", timeout_graceful_shutdown=1, access_log=False,
        http=ExpressProtocol,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        _wait(lambda: server.started or not thread.is_alive())
        if not server.started:
            raise RuntimeError("the server did not start")
        yield base_url
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def _wait(is_so: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError("waited too long")
        time.sleep(0.01)
