"""What stands between clients and servers: passes each connection on to the next of them, and may cut one off."""

import selectors
import socket
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from urllib.parse import urlsplit


@dataclass
class Gate:
    """A port of its own. `cut_after` is how many more bytes clients may send before one connection is cut."""

    url: str = ""
    servers: list[str] = field(default_factory=list)
    cut_after: int | None = None
    passed: list[str] = field(default_factory=list)

    def pass_on(self, client: socket.socket) -> None:
        server = self.servers[len(self.passed) % len(self.servers)]
        self.passed.append(server)
        address = urlsplit(server)
        with socket.create_connection((address.hostname, address.port)) as inner, suppress(OSError):
            self._copy(client, inner)

    def _copy(self, client: socket.socket, inner: socket.socket) -> None:
        with selectors.DefaultSelector() as ready:
            ready.register(client, selectors.EVENT_READ, inner)
            ready.register(inner, selectors.EVENT_READ, client)
            while True:
                for key, _ in ready.select():
                    source = key.fileobj
                    assert isinstance(source, socket.socket)
                    data = source.recv(65_536)
                    if not data or (source is client and self._cuts(len(data))):
                        return
                    key.data.sendall(data)

    def _cuts(self, size: int) -> bool:
        if self.cut_after is None:
            return False
        self.cut_after -= size
        if self.cut_after >= 0:
            return False
        self.cut_after = None
        return True


@contextmanager
def gate() -> Iterator[Gate]:
    opened = Gate()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            opened.pass_on(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        opened.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield opened
        server.shutdown()
        thread.join()
