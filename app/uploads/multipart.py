"""Request bodies with files: multipart forms and raw bytes, streamed to disk, hashed and counted on the way.

Starlette's parser reads the form. Added here: a size limit per file, files on the storage's own disk, and errors for
bodies that are truncated, endless or not valid text.
"""

import asyncio
import errno
import hashlib
import os
import secrets
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import ParamSpec

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from app.cancellation import in_thread
from app.errors import MEGABYTE, BadRequest, ChecksumMismatch, Invalid, OutOfStorage, TooLarge

BUFFER_SIZE = MEGABYTE
FORM_OVERHEAD_BYTES = MEGABYTE  # for fields and delimiters, in addition to the files
MAX_FILENAME_BYTES = 255  # as on file systems
MAX_BOUNDARY_LENGTH = 70  # RFC 2046, 5.1.1

UploadInterrupted = ClientDisconnect
"""Raised by a request's stream when the client disconnects."""
DISK_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT)

P = ParamSpec("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLimits:
    """Limits of a form: bytes of one file or field, and `stall_timeout` in seconds."""

    max_file_size: int
    max_files: int = 1
    max_fields: int = 20
    max_field_size: int = 64 * 1024
    stall_timeout: float = 30.0

    @property
    def max_body_size(self) -> int:
        return self.max_files * self.max_file_size + FORM_OVERHEAD_BYTES


@asynccontextmanager
async def receive_form(
    headers: Headers, stream: AsyncIterator[bytes], *, folder: Path, limits: FormLimits
) -> AsyncIterator[FormData]:
    """Read a multipart body: fields as text, and files as `Upload`s in `folder`.

        async with receive_form(request.headers, request.stream(), folder=storage.incoming, limits=limits) as form: ...

    On leaving, and if this raises or is cancelled, files that were not moved are deleted. Raises BadRequest for a
    malformed, truncated or stalled form, too many parts, or a field that is too large; TooLarge; Invalid for a
    field or filename that is not text; OutOfStorage; and errors of `stream`.
    """
    check_content_length(headers, limits)
    _require_multipart(headers)
    parser = _Parser(headers, _bounded(stream, limits), folder=folder, limits=limits)
    try:
        yield await parser.parse()
    finally:
        await in_thread(_discard, parser.uploads)


@dataclass(frozen=True, slots=True)
class Checksum:
    """The declared digest of a body, by one of hashlib's algorithms."""

    algorithm: str
    digest: bytes


class Upload(UploadFile):
    """A received file: Starlette's class with the `path` of the file, until it is moved or its form is closed."""

    size: int
    filename: str

    def __init__(self, path: Path, *, filename: str, max_size: int, headers: Headers | None = None) -> None:
        # Nothing is opened on the event loop: the first flush replaces this buffer with the file.
        super().__init__(BytesIO(), size=0, filename=filename, headers=headers)
        self.path = path
        self._max_size = max_size
        self._unwritten = bytearray()
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Hexadecimal SHA-256 of all bytes."""
        return self._hash.hexdigest()

    @property
    def remaining(self) -> int:
        """Number of bytes that may still be written."""
        return self._max_size - self.size

    async def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._max_size:
            raise TooLarge(limit=self._max_size)
        self._unwritten += data
        if len(self._unwritten) >= BUFFER_SIZE:
            await in_thread(self._flush)

    async def seek(self, offset: int) -> None:
        await in_thread(self._flush_and_seek, offset)

    async def close(self) -> None:
        await in_thread(self.discard)

    def discard(self) -> None:
        """Close the file, and delete it unless it was moved."""
        with suppress(OSError):  # a full disk fails again
            self.file.close()
        self.path.unlink(missing_ok=True)

    def _flush_and_seek(self, offset: int) -> None:
        self._flush()
        self.file.seek(offset)

    def _flush(self) -> None:
        try:
            if isinstance(self.file, BytesIO):
                self.file = open(self.path, "x+b", opener=_private_opener)  # noqa: SIM115  (closed by discard)
            self._hash.update(self._unwritten)
            self.file.write(self._unwritten)
            self.file.flush()
        except OSError as error:
            if error.errno not in DISK_FULL_ERRNOS:
                raise
            raise OutOfStorage("The disk is full", reason="disk_full") from error
        self._unwritten.clear()


async def receive_pieces(
    stream: AsyncIterator[bytes],
    *,
    folder: Path,
    filename: str,
    max_size: int,
    piece_size: int,
    limits: FormLimits,
    checksum: Checksum | None = None,
) -> AsyncGenerator[Upload, None]:
    """Read a body of up to `max_size` bytes into files of up to `piece_size`, also if it is interrupted.

        async with aclosing(receive_pieces(request.stream(), folder=storage.incoming, ...)) as pieces:
            async for piece in pieces: ...

    Each file exists until the next is requested. A body with a checksum is one piece, returned only if it is right.
    The interruption, UploadInterrupted or BadRequest for a stalled body, is raised after the last piece. Raises
    TooLarge, ChecksumMismatch, OutOfStorage.
    """
    left, broken = max_size, None
    file = _incoming(folder, filename, size=left if checksum else min(piece_size, left))
    try:
        async with aclosing(_bounded(stream, limits)) as chunks:
            while chunk := await _next(chunks):
                if isinstance(chunk, Exception):
                    broken = chunk
                    break
                while len(chunk) > file.remaining:
                    room = file.remaining
                    await file.write(chunk[:room])
                    chunk, left = chunk[room:], left - file.size
                    if not left:
                        raise TooLarge(limit=max_size, what="rest of the upload")
                    await file.seek(0)
                    yield file
                    await file.close()
                    file = _incoming(folder, filename, size=min(piece_size, left))
                await file.write(chunk)
        if checksum and not broken:
            await _verify(file, checksum)
        if file.size and not (checksum and broken):
            await file.seek(0)
            yield file
        if broken:
            raise broken
    finally:
        await file.close()


async def _next(chunks: AsyncIterator[bytes]) -> bytes | Exception | None:
    """Return the next non-empty chunk, the error that ended the stream, or None at its end."""
    try:
        async for chunk in chunks:
            if chunk:
                return chunk
    except (UploadInterrupted, BadRequest) as error:
        return error
    return None


def _incoming(folder: Path, filename: str, *, size: int) -> Upload:
    path = folder / f"upload-{secrets.token_hex(16)}"
    return Upload(path, filename=filename, max_size=size)


async def _verify(file: Upload, checksum: Checksum) -> None:
    await file.seek(0)
    if await in_thread(_digest, file.path, checksum.algorithm) != checksum.digest:
        raise ChecksumMismatch(checksum.algorithm)


def _digest(path: Path, algorithm: str) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).digest()


class _Parser(MultiPartParser):
    """Starlette's parser with `Upload` files, strict text, and detection of truncated forms."""

    def __init__(
        self, headers: Headers, stream: AsyncGenerator[bytes, None], *, folder: Path, limits: FormLimits
    ) -> None:
        super().__init__(
            headers,
            stream,
            max_files=limits.max_files,
            max_fields=limits.max_fields,
            max_part_size=limits.max_field_size,
        )
        self.uploads: list[Upload] = []
        self._folder = folder
        self._max_file_size = limits.max_file_size
        self._is_whole = False

    async def parse(self) -> FormData:
        try:
            async with aclosing(self.stream):
                form = await super().parse()
        except MultiPartException as error:
            raise BadRequest(error.message, reason="invalid_multipart") from error
        if not self._is_whole:
            raise BadRequest("The multipart body ends before its closing boundary", reason="incomplete_body")
        return form

    def on_headers_finished(self) -> None:
        disposition, options = parse_options_header(self._current_part.content_disposition)
        if disposition != b"form-data" or b"name" not in options:
            raise BadRequest(
                "Each part needs a Content-Disposition header of form-data with a name", reason="unnamed_part"
            )
        name = self._current_part.field_name = _decode_name(options[b"name"])
        if b"filename" in options:
            self._begin_file(_clean_filename(_decode_text(options[b"filename"], name, "The filename")))
        else:
            self._begin_field()

    def _begin_file(self, filename: str) -> None:
        self._current_files += 1
        if self._current_files > self.max_files:
            raise BadRequest(
                "Too many files: at most {limit} per request", reason="too_many_files", limit=self.max_files
            )
        upload = Upload(
            self._folder / f"upload-{secrets.token_hex(16)}",
            filename=filename,
            headers=Headers(raw=self._current_part.item_headers),
            max_size=self._max_file_size,
        )
        self.uploads.append(upload)
        self._current_part.file = upload

    def _begin_field(self) -> None:
        self._current_fields += 1
        if self._current_fields > self.max_fields:
            raise BadRequest(
                "Too many fields: at most {limit} per form", reason="too_many_fields", limit=self.max_fields
            )

    def on_part_end(self) -> None:
        if self._current_part.file is None:
            name = self._current_part.field_name
            self.items.append((name, _decode_text(self._current_part.data, name, "The value")))
        else:
            super().on_part_end()

    def on_end(self) -> None:
        self._is_whole = True


async def read_body(
    headers: Headers, stream: AsyncIterator[bytes], *, max_size: int, timeout: float
) -> bytes:
    """Read a small body into memory. Raises TooLarge, and BadRequest if it is not complete after `timeout` seconds."""
    declared = content_length(headers)
    if declared is not None and declared > max_size:
        raise TooLarge(limit=max_size, actual=declared, what="request body")
    body = bytearray()
    try:
        async with asyncio.timeout(timeout):
            async for chunk in stream:
                body += chunk
                if len(body) > max_size:
                    raise TooLarge(limit=max_size, what="request body")
    except TimeoutError as error:
        raise BadRequest(
            "The body did not arrive within {seconds:g} s", reason="stalled", seconds=timeout
        ) from error
    return bytes(body)


def content_length(headers: Headers) -> int | None:
    """Return the declared size of the body; None without one. Raises BadRequest."""
    text = headers.get("content-length")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise BadRequest("The Content-Length must be an integer", reason="invalid_content_length")
    return int(text)


def check_content_length(headers: Headers, limits: FormLimits) -> None:
    """Raise TooLarge if the declared size is too large, before reading anything."""
    length = content_length(headers)
    if length is not None and length > limits.max_body_size:
        raise TooLarge(limit=limits.max_file_size, actual=length if limits.max_files == 1 else None)


def _require_multipart(headers: Headers) -> None:
    kind, options = parse_options_header(headers.get("content-type"))
    if kind != b"multipart/form-data":
        raise BadRequest("The Content-Type must be multipart/form-data", reason="not_multipart")
    boundary = options.get(b"boundary", b"")
    if not (
        0 < len(boundary) <= MAX_BOUNDARY_LENGTH and boundary.isascii() and boundary.decode().isprintable()
    ):
        raise BadRequest(
            "The multipart boundary must have 1 to {limit} printable ASCII characters",
            reason="invalid_boundary",
            limit=MAX_BOUNDARY_LENGTH,
        )


async def _bounded(stream: AsyncIterator[bytes], limits: FormLimits) -> AsyncGenerator[bytes, None]:
    """Yield the stream, which may neither stall nor continue endlessly after the last file."""
    received = 0
    while True:
        try:
            async with asyncio.timeout(limits.stall_timeout):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise BadRequest(
                "The upload stalled: no data for {seconds:g} s",
                reason="stalled",
                seconds=limits.stall_timeout,
            ) from error
        received += len(chunk)
        if received > limits.max_body_size:
            raise TooLarge(limit=limits.max_file_size)
        yield chunk


def _discard(uploads: Iterable[Upload]) -> None:
    for upload in uploads:
        upload.discard()


def _private_opener(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _decode_name(data: bytes) -> str:
    try:
        name = data.decode()
    except UnicodeDecodeError as error:
        raise BadRequest("A field name is not valid UTF-8", reason="invalid_field_name") from error
    if "\0" in name:
        raise BadRequest("A field name contains a NUL character", reason="invalid_field_name")
    return name


def _decode_text(data: bytes | bytearray, field: str, what: str) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Invalid.field(field, "not_utf8", "{what} is not valid UTF-8.", what=what) from error
    if "\0" in text:
        raise Invalid.field(field, "invalid_text", "{what} contains a NUL character.", what=what)
    return text


def _clean_filename(sent: str) -> str:
    """Return the last segment of a path, printable and of bounded length; empty if nothing is left."""
    name = sent.replace("\\", "/").rpartition("/")[2]
    name = "".join(c for c in name if unicodedata.category(c) not in {"Cc", "Zl", "Zp"}).strip()
    return name.encode()[:MAX_FILENAME_BYTES].decode(errors="ignore")
