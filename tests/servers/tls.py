"""Certificates of an authority of the session's own, and TLS before a server that has none."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

SSL_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"
"""By which PostgreSQL is asked, in the clear, whether it speaks TLS."""


@dataclass(frozen=True)
class Authority:
    """`ca` is the certificate to trust, `other` that of an authority that signed nothing."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def other(self) -> Path:
        return self.folder / "other.pem"

    def context(self) -> ssl.SSLContext:
        """For a server whose name is localhost, and nothing else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        return context


def authority(folder: Path) -> Authority:
    """Made by openssl."""

    def openssl(*words: object) -> None:
        subprocess.run(["openssl", *map(str, words)], cwd=folder, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    for name in ("ca", "other"):
        openssl("req", "-x509", *key, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}")
    openssl("req", *key[:-2], "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names")
    openssl("x509", "-req", "-in", "server.csr", *signed, "-out", "server.pem")
    return Authority(folder)


@asynccontextmanager
async def tls_to(port: int, context: ssl.SSLContext, *, postgres: bool = False) -> AsyncIterator[int]:
    """The port of a server that speaks TLS, and passes on what it is told to this one, which does not.

    `postgres` where clients ask in the clear before.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_writer = None
        try:
            if postgres:
                if await reader.readexactly(8) != SSL_REQUEST:
                    return  # it does not speak in the clear
                writer.write(b"S")
                await writer.drain()
                await writer.start_tls(context)
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_pass(reader, far_writer), _pass(far_reader, writer))
        except (OSError, EOFError):
            return
        finally:
            for each in (writer, far_writer):
                if each is not None:
                    each.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=None if postgres else context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0.01)  # in which connections that were closed end


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.transport.abort()
