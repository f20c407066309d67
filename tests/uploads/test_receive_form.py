"""Receiving of multipart forms: valid, malformed, too large, stalled, interrupted."""

import asyncio
import hashlib
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.requests import ClientDisconnect

from app.errors import MEGABYTE, BadRequest, Invalid, OutOfStorage, TooLarge
from app.storage import DiskStorage
from app.uploads.multipart import (
    FORM_OVERHEAD_BYTES,
    FormLimits,
    Upload,
    check_content_length,
    content_length,
    receive_form,
)

BOUNDARY = "----WebKitFormBoundary7MA4YWxk"
DATA = bytes(range(256)) * 2000
LIMITS = FormLimits(
    max_file_size=3 * MEGABYTE, max_files=3, max_fields=4, max_field_size=10_000, stall_timeout=5
)


def part(disposition: bytes | str, data: bytes, *extra_headers: bytes) -> bytes:
    value = disposition.encode() if isinstance(disposition, str) else disposition
    head = b"\r\n".join([b"Content-Disposition: " + value, *extra_headers])
    return b"--" + BOUNDARY.encode() + b"\r\n" + head + b"\r\n\r\n" + data + b"\r\n"


def field(name: str, data: bytes) -> bytes:
    return part(f'form-data; name="{name}"', data)


def file(name: str, filename: str | bytes, data: bytes) -> bytes:
    encoded = filename.encode() if isinstance(filename, str) else filename
    disposition = b'form-data; name="' + name.encode() + b'"; filename="' + encoded + b'"'
    return part(disposition, data, b"Content-Type: image/png")


END = b"--" + BOUNDARY.encode() + b"--\r\n"


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + END


def headers(**extra: str) -> Headers:
    return Headers({"content-type": f"multipart/form-data; boundary={BOUNDARY}", **extra})


async def in_chunks(data: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def receive(
    data: bytes,
    folder: Path,
    extract: Callable[[FormData], Any] = dict,
    *,
    size: int = 65_536,
    form_headers: Headers | None = None,
) -> Any:
    """Receive a form in chunks of `size` bytes, and return `extract(form)`."""
    stream, sent_headers = in_chunks(data, size), headers() if form_headers is None else form_headers
    async with receive_form(sent_headers, stream, folder=folder, limits=LIMITS) as form:
        return extract(form)


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def upload_of(form: FormData, name: str = "image") -> Upload:
    upload = form[name]
    assert isinstance(upload, Upload)
    return upload


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Limit the size of this process's files to `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [1, 7, 1000, 65_536, 10**9])
async def test_a_form_is_received_in_chunks_of_any_size(tmp_path: Path, size: int) -> None:
    content = DATA[:3000] if size < 100 else DATA * 4
    data = body(field("title", "Küche 🍳".encode()), file("image", "a.png", content), field("tags", b"a"))

    async with receive_form(headers(), in_chunks(data, size), folder=tmp_path, limits=LIMITS) as form:
        upload = upload_of(form)
        assert form["title"] == "Küche 🍳"
        assert form["tags"] == "a"
        assert (upload.filename, upload.content_type, upload.size) == ("a.png", "image/png", len(content))
        assert upload.sha256 == hashlib.sha256(content).hexdigest()
        assert upload.path.parent == tmp_path
        assert upload.path.read_bytes() == content
        assert upload.path.stat().st_mode & 0o777 == 0o600
        assert await upload.read(10) == content[:10]
        await upload.seek(0)
        assert await upload.read() == content
    assert files_in(tmp_path) == []


async def test_an_upload_is_a_starlette_upload_file(tmp_path: Path) -> None:
    form = await receive(body(file("image", "a.png", DATA)), tmp_path)
    assert isinstance(form["image"], UploadFile)


async def test_an_empty_file_is_received(tmp_path: Path) -> None:
    async with receive_form(
        headers(), in_chunks(body(file("image", "", b""))), folder=tmp_path, limits=LIMITS
    ) as form:
        upload = upload_of(form)
        assert (upload.filename, upload.size, await upload.read()) == ("", 0, b"")
        assert upload.sha256 == hashlib.sha256().hexdigest()
        assert upload.path.read_bytes() == b""
    assert files_in(tmp_path) == []


async def test_a_form_without_parts_is_empty(tmp_path: Path) -> None:
    assert await receive(END, tmp_path) == {}


async def test_files_in_one_field_are_all_received(tmp_path: Path) -> None:
    data = body(*(file("image", f"{n}.png", DATA[n:]) for n in range(3)))
    files = await receive(data, tmp_path, lambda form: form.getlist("image"))
    assert [file.filename for file in files] == ["0.png", "1.png", "2.png"]


async def test_a_stored_file_is_kept(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path / "storage")
    data = body(file("image", "a.png", DATA), file("image", "b.png", DATA))
    async with receive_form(headers(), in_chunks(data), folder=storage.incoming, limits=LIMITS) as form:
        upload = upload_of(form)
        await storage.put("originals/a", upload.path)
        await upload.seek(0)
        assert await upload.read() == DATA
    assert await storage.read("originals/a") == DATA
    assert files_in(storage.incoming) == []


async def test_closing_a_form_early_deletes_its_files(tmp_path: Path) -> None:
    stream = in_chunks(body(file("image", "a.png", DATA)))
    async with receive_form(headers(), stream, folder=tmp_path, limits=LIMITS) as form:
        await form.close()
        assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("a.png", "a.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\b.png", "b.png"),
        ("/tmp/a\\b/c.png", "c.png"),
        ("a/", ""),
        ("..", ".."),
        ("Übersicht 概要 👩‍🚀.png", "Übersicht 概要 👩‍🚀.png"),
        ("a\x1b[31m\x7f\x85.png", "a[31m.png"),
        ("a\u2028b.png", "ab.png"),
        ("  a.png ", "a.png"),
        ("a%22b.png", "a%22b.png"),
        ('a\\"b.png', 'a"b.png'),
        ("é" * 200, "é" * 127),
        ("🍳" * 100, "🍳" * 63),
    ],
)
async def test_a_filename_is_reduced_to_a_printable_name(tmp_path: Path, sent: str, expected: str) -> None:
    form = await receive(body(file("image", sent, b"x")), tmp_path)
    assert form["image"].filename == expected


@pytest.mark.parametrize("value", [b"\xff", b"a\0b", b"\xed\xa0\x80"], ids=["not-utf8", "nul", "surrogate"])
async def test_invalid_text_is_refused_with_its_field(tmp_path: Path, value: bytes) -> None:
    for data in (field("title", value), file("title", value, b"x")):
        with pytest.raises(Invalid) as caught:
            await receive(body(file("image", "a.png", DATA), data), tmp_path)
        assert list(caught.value.fields) == ["title"]
        assert files_in(tmp_path) == []
    with pytest.raises(BadRequest, match="field name"):
        await receive(body(part(b'form-data; name="' + value + b'"', b"x")), tmp_path)


PNG = file("image", "a.png", DATA[:9000])
MALFORMED = {
    "empty": b"",
    "preamble only": b"\r\n\r\n",
    "no boundary": b"hello",
    "other boundary": b"--other\r\n" + PNG,
    "truncated header": PNG[:80],
    "truncated file": PNG[:5000],
    "missing end": PNG,
    "truncated end": PNG + END[:-5],
    "one closing dash": PNG + END[:-3],
    "text after the boundary": b"--" + BOUNDARY.encode() + b"x\r\n",
    "header without a colon": b"--" + BOUNDARY.encode() + b"\r\nnonsense\r\n\r\nx\r\n" + END,
    "endless header": b"--" + BOUNDARY.encode() + b"\r\nA: " + b"a" * 100_000,
    "many headers": body(part('form-data; name="a"', b"x", *([b"A: b"] * 20))),
    "no disposition": b"--" + BOUNDARY.encode() + b"\r\nA: b\r\n\r\nx\r\n" + END,
    "no name": body(part("form-data", b"x")),
    "attachment": body(part('attachment; name="image"; filename="a.png"', b"x")),
    "bare line feeds": body(PNG).replace(b"\r\n", b"\n"),
}


@pytest.mark.parametrize("size", [1, 65_536])
@pytest.mark.parametrize("name", MALFORMED)
async def test_a_malformed_body_is_a_bad_request(tmp_path: Path, name: str, size: int) -> None:
    with pytest.raises(BadRequest):
        await receive(MALFORMED[name], tmp_path, size=size)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "image/png",
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/mixed; boundary=x",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        "multipart/form-data; boundary=" + "x" * 71,
        "multipart/form-data; boundary=\xe4",
        "multipart/form-data; boundary=a\x01b",
        "text/plain; multipart/form-data; boundary=x",
    ],
)
async def test_an_invalid_content_type_is_a_bad_request(tmp_path: Path, content_type: str | None) -> None:
    sent = Headers({} if content_type is None else {"content-type": content_type})
    with pytest.raises(BadRequest):
        await receive(body(PNG), tmp_path, form_headers=sent)


async def test_a_boundary_may_be_quoted_and_long(tmp_path: Path) -> None:
    boundary = "a b" + "x" * 67
    content_type = Headers({"content-type": f'Multipart/Form-Data; charset=utf-8; Boundary="{boundary}"'})
    data = body(field("title", b"x")).replace(BOUNDARY.encode(), boundary.encode())
    assert await receive(data, tmp_path, form_headers=content_type) == {"title": "x"}


async def test_too_many_parts_or_a_large_field_is_a_bad_request(tmp_path: Path) -> None:
    for data, message in (
        (body(*[PNG] * 4), "at most 3"),
        (body(*(field(f"f{n}", b"x") for n in range(5))), "at most 4"),
        (body(PNG, field("title", b"x" * 10_001)), "exceeded maximum size"),
    ):
        with pytest.raises(BadRequest, match=message):
            await receive(data, tmp_path)
        assert files_in(tmp_path) == []


async def test_a_file_may_have_the_maximum_size_and_no_byte_more(tmp_path: Path) -> None:
    form = await receive(body(file("image", "a.png", bytes(LIMITS.max_file_size))), tmp_path)
    assert form["image"].size == LIMITS.max_file_size
    with pytest.raises(TooLarge) as caught:
        await receive(body(file("image", "a.png", bytes(LIMITS.max_file_size + 1))), tmp_path)
    assert (caught.value.limit, caught.value.actual) == (LIMITS.max_file_size, None)
    assert files_in(tmp_path) == []


async def test_reading_stops_at_the_size_limit(tmp_path: Path) -> None:
    sent_bytes = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent_bytes
        yield PNG[:200]
        while True:
            sent_bytes += 65_536
            yield bytes(65_536)

    with pytest.raises(TooLarge):
        async with receive_form(headers(), endless(), folder=tmp_path, limits=LIMITS):
            pass
    assert sent_bytes <= LIMITS.max_file_size + 2 * 65_536
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("start", [body(PNG), b"\r\n"], ids=["epilogue", "preamble"])
async def test_an_endless_preamble_or_epilogue_is_refused(tmp_path: Path, start: bytes) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield start
        while True:
            yield b"x" * 65_536

    with pytest.raises((TooLarge, BadRequest)):
        async with receive_form(headers(), endless(), folder=tmp_path, limits=LIMITS):
            pass
    assert files_in(tmp_path) == []


async def test_a_stalled_upload_is_a_bad_request(tmp_path: Path) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        yield PNG
        await asyncio.sleep(3600)

    limits = FormLimits(max_file_size=MEGABYTE, stall_timeout=0.02)
    with pytest.raises(BadRequest, match="stalled"):
        async with receive_form(headers(), stalling(), folder=tmp_path, limits=limits):
            pass
    assert files_in(tmp_path) == []


async def test_a_slow_upload_is_received(tmp_path: Path) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        async for chunk in in_chunks(body(PNG), 2000):
            await asyncio.sleep(0.15)
            yield chunk

    limits = FormLimits(max_file_size=MEGABYTE, stall_timeout=0.6)
    async with receive_form(headers(), slowly(), folder=tmp_path, limits=limits) as form:
        assert upload_of(form).size == 9000


async def test_a_disconnect_deletes_the_files(tmp_path: Path) -> None:
    async def disconnecting() -> AsyncIterator[bytes]:
        yield PNG[:200] + bytes(2 * MEGABYTE)
        assert files_in(tmp_path)
        raise ClientDisconnect

    with pytest.raises(ClientDisconnect):
        async with receive_form(headers(), disconnecting(), folder=tmp_path, limits=LIMITS):
            pass
    assert files_in(tmp_path) == []


async def pausing(reached: asyncio.Event) -> AsyncIterator[bytes]:
    yield PNG[:200] + bytes(2 * MEGABYTE)
    reached.set()
    await asyncio.sleep(3600)


async def test_a_cancelled_upload_deletes_its_files(tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def upload_form() -> None:
        async with receive_form(headers(), pausing(reached), folder=tmp_path, limits=LIMITS):
            pass

    task = asyncio.create_task(upload_form())
    await reached.wait()
    assert files_in(tmp_path)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files_in(tmp_path) == []


async def test_a_cancelled_scope_deletes_the_files(tmp_path: Path) -> None:
    reached = asyncio.Event()
    async with anyio.create_task_group() as tasks:

        async def upload_form() -> None:
            async with receive_form(headers(), pausing(reached), folder=tmp_path, limits=LIMITS):
                pass

        tasks.start_soon(upload_form)
        await reached.wait()
        tasks.cancel_scope.cancel()
    assert files_in(tmp_path) == []


async def test_cancellation_at_any_moment_deletes_the_files(tmp_path: Path) -> None:
    data = body(file("image", "a.png", bytes(3 * MEGABYTE)))

    async def upload_form() -> None:
        async with receive_form(headers(), in_chunks(data), folder=tmp_path, limits=LIMITS):
            await asyncio.sleep(0)

    for attempt in range(60):
        task = asyncio.create_task(upload_form())
        await asyncio.sleep(attempt / 5000)
        task.cancel()
        await asyncio.wait([task])
        assert files_in(tmp_path) == []


async def test_an_error_in_the_block_deletes_the_files(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        await receive(body(PNG), tmp_path, lambda form: form["missing"])
    assert files_in(tmp_path) == []


async def test_a_write_error_deletes_the_files(tmp_path: Path) -> None:
    with file_size_limit(1_500_000), pytest.raises(OSError, match="File too large"):
        await receive(body(file("image", "a.png", bytes(2 * MEGABYTE))), tmp_path)
    assert files_in(tmp_path) == []


async def test_a_full_disk_raises_out_of_storage(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = await asyncio.create_subprocess_exec("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small)
    if await mount.wait():
        pytest.skip("mounting a file system needs more privileges")
    try:
        with pytest.raises(OutOfStorage):
            await receive(body(file("image", "a.png", bytes(2 * MEGABYTE))), small)
        assert files_in(small) == []
    finally:
        await (await asyncio.create_subprocess_exec("umount", small)).wait()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, 600),
    removed=st.integers(0, 40),
    inserted=st.binary(max_size=40),
    size=st.integers(1, 700),
)
async def test_a_damaged_body_is_received_or_raises_a_domain_error(
    tmp_path: Path, at: int, removed: int, inserted: bytes, size: int
) -> None:
    original = body(field("title", b"x"), file("image", "a.png", b"\r\n--" * 20), field("tags", b"y"))
    data = original[:at] + inserted + original[at + removed :]
    with suppress(BadRequest, Invalid):
        await receive(data, tmp_path, size=size)
    assert files_in(tmp_path) == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.lists(st.sampled_from([b"\r", b"\n", b"--", BOUNDARY.encode()[:9], b"x", b"\0"])).map(
        b"".join
    ),
    size=st.integers(1, 200),
)
async def test_any_content_is_received_unchanged(tmp_path: Path, content: bytes, size: int) -> None:
    def digest(form: FormData) -> str:
        return upload_of(form).sha256

    data = body(file("image", "a.png", content))
    assert await receive(data, tmp_path, digest, size=size) == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(("sent", "length"), [({}, None), ({"content-length": "0"}, 0)])
def test_content_length_is_parsed(sent: dict[str, str], length: int | None) -> None:
    assert content_length(Headers(sent)) == length


@pytest.mark.parametrize("value", ["", "-1", "1.5", "1e9", "0x10", " 1", "²", "9" * 30, "1,1"])
def test_an_invalid_content_length_is_a_bad_request(value: str) -> None:
    with pytest.raises(BadRequest):
        content_length(Headers({"content-length": value}))


def test_content_length_may_include_the_forms_overhead() -> None:
    limits = FormLimits(max_file_size=50 * MEGABYTE)
    max_length = 50 * MEGABYTE + FORM_OVERHEAD_BYTES
    check_content_length(Headers({"content-length": str(max_length)}), limits)
    check_content_length(Headers({}), limits)
    with pytest.raises(TooLarge) as caught:
        check_content_length(Headers({"content-length": str(max_length + 1)}), limits)
    assert (caught.value.limit, caught.value.actual) == (50 * MEGABYTE, max_length + 1)


async def test_a_content_length_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    async def unread() -> AsyncIterator[bytes]:
        pytest.fail("the stream was read")
        yield b""

    large = headers(**{"content-length": "99999999"})
    with pytest.raises(TooLarge):
        async with receive_form(large, unread(), folder=tmp_path, limits=LIMITS):
            pass


LARGE_UPLOAD = """
import asyncio, os, sys
from pathlib import Path
from starlette.datastructures import Headers
from app.uploads.multipart import FormLimits, receive_form
from app.errors import TooLarge

LIMITS = FormLimits(max_file_size=50_000_000)

async def stream(size):
    yield b'--b\\r\\nContent-Disposition: form-data; name="image"; filename="a"\\r\\n\\r\\n'
    for _ in range(size // 50_000):
        yield os.urandom(50_000)
    yield b'\\r\\n--b--\\r\\n'

async def receive(size):
    headers = Headers({"content-type": "multipart/form-data; boundary=b"})
    try:
        async with receive_form(headers, stream(size), folder=Path(sys.argv[1]), limits=LIMITS) as form:
            return form["image"].size
    except TooLarge:
        return None

def status_kilobytes(line):
    return int(Path("/proc/self/status").read_text().split(line)[1].split()[0])

async def main():
    await receive(50_000)
    Path("/proc/self/clear_refs").write_text("5")  # reset the peak
    before = status_kilobytes("VmRSS:")
    print(await receive(50_000_000), await receive(51_000_000), (status_kilobytes("VmHWM:") - before) / 1024)

asyncio.run(main())
"""


def test_a_large_upload_uses_little_memory(tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-c", LARGE_UPLOAD, tmp_path], capture_output=True, text=True, check=True
    )
    size, refused, megabytes = process.stdout.split()
    assert (size, refused) == ("50000000", "None")
    assert float(megabytes) < 8
    assert files_in(tmp_path) == []
