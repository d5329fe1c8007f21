"""Starts and stops the servers of one machine, each in a thread of its own."""

import socket
from dataclasses import dataclass
from threading import Thread
from typing import Any

import uvicorn

from partnerdesk.domain.errors import ConflictError

HOST = "127.0.0.1"
LARGEST_HEADER = 64 * 1024
SECONDS_TO_FINISH = 3
BACKLOG = 512


class PortTakenError(ConflictError):
    """Something else listens where the desk wants to."""

    code = "port-taken"

    def __init__(self, port: int, setting: str) -> None:
        super().__init__(
            f"Port {port} is taken by another program. Choose another one with {setting}=...",
            port=port,
        )


@dataclass(slots=True)
class Served:
    """One ASGI application on one port of this machine alone."""

    server: uvicorn.Server
    thread: Thread
    address: str

    def stop(self) -> None:
        """Let requests in hand finish, and stop listening."""
        self.server.should_exit = True
        self.thread.join()


def bind(port: int, *, setting: str) -> socket.socket:
    """
    Return a listening socket on the loopback address; port 0 takes any free one.

    It names its protocol, without which asyncio leaves small answers waiting
    for 40 ms (Nagle's algorithm).

    :raises PortTakenError: when another program has it
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as taken:
        listening.close()
        raise PortTakenError(port, setting) from taken
    listening.listen(BACKLOG)
    return listening


def address_of(listening: socket.socket) -> str:
    """Return the address under which a socket is reached."""
    return f"http://{HOST}:{listening.getsockname()[1]}"


def serve(app: Any, listening: socket.socket) -> Served:  # noqa: ANN401 - any ASGI application
    """Serve an application on a socket, and return once it answers."""
    config = uvicorn.Config(
        app,
        access_log=False,
        h11_max_incomplete_event_size=LARGEST_HEADER,
        http="h11",
        lifespan="off",
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while thread.is_alive() and not server.started:
        thread.join(timeout=0.01)
    return Served(server, thread, address_of(listening))
