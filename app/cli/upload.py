"""`pichub upload`: a client of any PicHub server. It imports no server code, so that it starts quickly."""

import json
import os
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import click

from app.cli.api_client import ApiClient, Image, UploadFailed

FORMATS = ("url", "markdown", "html", "bbcode")
PRIVATE_MODE = 0o600
OTHERS_MASK = 0o077
STDIN = "-"


def default_file() -> Path:
    return Path.home() / ".config" / "pichub" / "upload.toml"


@dataclass(frozen=True, slots=True)
class SavedAccount:
    """Server and token for uploads."""

    server: str
    token: str


@click.command()
@click.argument("files", nargs=-1)
@click.option("--album", help="Album: its id, or its name if the token may read albums.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    default="url",
    show_default=True,
    help="Format of the printed link.",
)
@click.option("--server", envvar="PICHUB_SERVER", help="URL of the server; PICHUB_SERVER.")
@click.option("--token", envvar="PICHUB_TOKEN", help="API token; preferably in PICHUB_TOKEN or the file.")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with server and token.  [default: ~/.config/pichub/upload.toml]",
)
@click.option("--save", is_flag=True, help="Save server and token in that file, readable only by you.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def upload(
    files: tuple[str, ...],
    *,
    album: str | None,
    format_: str,
    server: str | None,
    token: str | None,
    config: Path | None,
    save: bool,
    as_json: bool,
) -> None:
    """Upload FILES and print their links, one per line. The file - is standard input."""
    if not files and not save:
        raise click.UsageError("Say which files to upload.")
    path = config or default_file()
    account = saved_account(server, token, path, is_asked_for=config is not None and not save, may_ask=save)
    if save:
        save_config(account, path)
        print(f"Saved in {path}", file=sys.stderr)
    if not files:
        return
    with ApiClient(account.server, account.token, tell=print_error) as pichub:
        outcomes = []
        album_id = find_album(pichub, album)
        for file in files:
            outcome = outcome_of(pichub, file, album_id)
            outcomes.append(outcome)
            if not as_json:
                show(outcome, format_)
    if as_json:
        print(json.dumps([outcome.facts for outcome in outcomes]))
    sys.exit(0 if all(outcome.image for outcome in outcomes) else 1)


@dataclass(frozen=True, slots=True)
class UploadOutcome:
    """Result for a file: an image, or a failure."""

    file: str
    image: Image | None = None
    failure: UploadFailed | None = None

    @property
    def facts(self) -> dict[str, Any]:
        if self.failure is None:
            return {"file": self.file, "success": True, "image": self.image}
        return {"file": self.file, "success": False, "error": self.failure.facts}


def outcome_of(pichub: ApiClient, file: str, album_id: str | None) -> UploadOutcome:
    try:
        with open_file(file) as (stream, name), progress(stream, file) as seen:
            return UploadOutcome(file, image=pichub.upload(seen, name, album_id))
    except OSError as error:
        return UploadOutcome(file, failure=UploadFailed(error.strerror or str(error)))
    except UploadFailed as failure:
        return UploadOutcome(file, failure=failure)


def show(outcome: UploadOutcome, format_: str) -> None:
    if outcome.image is not None:
        print(outcome.image["links"][format_], flush=True)
    else:
        print_error(f"{outcome.file}: {outcome.failure}")


def print_error(text: str) -> None:
    line = "".join(
        c if c.isprintable() else " " for c in text
    )  # the text of a server may contain control characters
    print(f"pichub: {line}", file=sys.stderr, flush=True)


def find_album(pichub: ApiClient, album: str | None) -> str | None:
    try:
        return pichub.album_id(album) if album else None
    except UploadFailed as failure:
        print_error(str(failure))
        sys.exit(1)


@contextmanager
def open_file(file: str) -> Iterator[tuple[BinaryIO, str]]:
    """Open a file that can be read repeatedly, and return it with its name. Standard input is buffered on disk."""
    if file != STDIN:
        with Path(file).open("rb") as stream:
            yield stream, Path(file).name
        return
    with TemporaryFile() as kept:
        while chunk := sys.stdin.buffer.read(1 << 20):
            kept.write(chunk)
        kept.seek(0)
        yield kept, "picture"


@contextmanager
def progress(stream: BinaryIO, label: str) -> Iterator[BinaryIO]:
    """Show a progress bar for the reading of a file, if there is a terminal."""
    if not sys.stderr.isatty():
        yield stream
        return
    with click.progressbar(length=os.fstat(stream.fileno()).st_size, label=label, file=sys.stderr) as bar:
        yield ProgressReader(stream, bar)  # type: ignore[misc]  # all of a file that is read of it


class ProgressReader:
    """A file that updates a progress bar as it is read."""

    def __init__(self, stream: BinaryIO, bar: Any) -> None:
        self._stream = stream
        self._bar = bar

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size)
        self._bar.update(len(chunk))
        return chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        if (offset, whence) == (0, 0):
            self._bar.update(-self._bar.pos)
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def fileno(self) -> int:
        return self._stream.fileno()


def saved_account(
    server: str | None, token: str | None, path: Path, *, is_asked_for: bool, may_ask: bool
) -> SavedAccount:
    """Return server and token from options, environment or file. Exits if they are missing."""
    kept = {} if server and token else read_config(path, must_exist=is_asked_for)
    if not token and (not server or _address(server) == _address(kept.get("server") or server)):
        token = kept.get("token")  # a token must not be sent to another server
    server = server or kept.get("server")
    if server and not token and may_ask and sys.stdin.isatty():
        token = click.prompt("Token", hide_input=True, err=True)
    if not server:
        raise click.UsageError(f"Say which PicHub: --server, PICHUB_SERVER, or 'server' in {path}.")
    if not token:
        raise click.UsageError(f"Give an API token: PICHUB_TOKEN, --token, or 'token' in {path}.")
    return SavedAccount(_address(server), _printable(token))


def read_config(path: Path, *, must_exist: bool) -> dict[str, str]:
    """Read the file. Exits if it can't be read; warns if others can read it."""
    try:
        with path.open("rb") as file:
            said = tomllib.load(file)
            mode = os.fstat(file.fileno()).st_mode
    except FileNotFoundError:
        if must_exist:
            raise click.UsageError(f"There is no file {path}.") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise click.UsageError(f"{path} can't be read: {error}") from error
    if mode & OTHERS_MASK and os.name == "posix":
        print_error(f"others on this machine can read the token in {path}: chmod 600 {path}")
    wrong = [name for name in ("server", "token") if not isinstance(said.get(name, ""), str)]
    if wrong:
        raise click.UsageError(f"'{wrong[0]}' in {path} must be text.")
    return said


def save_config(account: SavedAccount, path: Path) -> None:
    """Replace the file; only its owner can read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_MODE)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(
            f"{name} = {json.dumps(text)}\n"
            for name, text in (("server", account.server), ("token", account.token))
        )
    new.replace(path)


def _address(server: str) -> str:
    parts = urlsplit(server)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise click.UsageError(
            f"The server must be a URL such as https://images.example.org; it is {server!r}."
        )
    return server.rstrip("/").removesuffix("/v1")


def _printable(token: str) -> str:
    token = token.strip()
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise click.UsageError("The token must be printable characters without spaces.")
    return token
