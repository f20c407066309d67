"""How bytes come in, and all the ways in which they should not."""

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
PICTURE = bytes(range(256)) * 2000
LIMITS = FormLimits(
    max_file_size=3 * MEGABYTE, max_files=3, max_fields=4, max_field_size=10_000, stall_timeout=5
)


def part(disposition: bytes | str, data: bytes, *more: bytes) -> bytes:
    said = disposition.encode() if isinstance(disposition, str) else disposition
    head = b"\r\n".join([b"Content-Disposition: " + said, *more])
    return b"--" + BOUNDARY.encode() + b"\r\n" + head + b"\r\n\r\n" + data + b"\r\n"


def field(name: str, data: bytes) -> bytes:
    return part(f'form-data; name="{name}"', data)


def file(name: str, filename: str | bytes, data: bytes) -> bytes:
    called = filename.encode() if isinstance(filename, str) else filename
    disposition = b'form-data; name="' + name.encode() + b'"; filename="' + called + b'"'
    return part(disposition, data, b"Content-Type: image/png")


END = b"--" + BOUNDARY.encode() + b"--\r\n"


def body(*parts: bytes) -> bytes:
    return b"".join(parts) + END


def headers(**more: str) -> Headers:
    return Headers({"content-type": f"multipart/form-data; boundary={BOUNDARY}", **more})


async def in_chunks(data: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


Check = Callable[[FormData], Any]


async def receive(data: bytes, folder: Path, check: Check = dict, *, size: int = 65_536, **other: Any) -> Any:
    said = other.pop("headers", headers())
    async with receive_form(said, in_chunks(data, size), folder=folder, limits=LIMITS, **other) as form:
        return check(form)


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def upload_of(form: FormData, name: str = "image") -> Upload:
    upload = form[name]
    assert isinstance(upload, Upload)
    return upload


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file of this process can grow above `size`."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [1, 7, 1000, 65_536, 10**9])
async def test_a_form_is_received_however_it_is_cut(tmp_path: Path, size: int) -> None:
    picture = PICTURE[:3000] if size < 100 else PICTURE * 4
    data = body(field("title", "Küche 🍳".encode()), file("image", "a.png", picture), field("tags", b"a"))

    async with receive_form(headers(), in_chunks(data, size), folder=tmp_path, limits=LIMITS) as form:
        upload = upload_of(form)
        assert form["title"] == "Küche 🍳"
        assert form["tags"] == "a"
        assert (upload.filename, upload.content_type, upload.size) == ("a.png", "image/png", len(picture))
        assert upload.sha256 == hashlib.sha256(picture).hexdigest()
        assert upload.path.parent == tmp_path
        assert upload.path.read_bytes() == picture
        assert upload.path.stat().st_mode & 0o777 == 0o600
        assert await upload.read(10) == picture[:10]
        await upload.seek(0)
        assert await upload.read() == picture
    assert files_in(tmp_path) == []


async def test_an_upload_is_starlettes_own_kind(tmp_path: Path) -> None:
    form = await receive(body(file("image", "a.png", PICTURE)), tmp_path)
    assert isinstance(form["image"], UploadFile)


async def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
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


async def test_several_files_of_one_name_are_all_there(tmp_path: Path) -> None:
    data = body(*(file("image", f"{n}.png", PICTURE[n:]) for n in range(3)))
    files = await receive(data, tmp_path, lambda form: form.getlist("image"))
    assert [file.filename for file in files] == ["0.png", "1.png", "2.png"]


async def test_a_file_that_was_put_away_stays(tmp_path: Path) -> None:
    storage = DiskStorage(tmp_path / "storage")
    data = body(file("image", "a.png", PICTURE), file("image", "b.png", PICTURE))
    async with receive_form(headers(), in_chunks(data), folder=storage.incoming, limits=LIMITS) as form:
        upload = upload_of(form)
        await storage.put("originals/a", upload.path)
        await upload.seek(0)
        assert await upload.read() == PICTURE
    assert await storage.read("originals/a") == PICTURE
    assert files_in(storage.incoming) == []


async def test_a_form_can_be_closed_by_whoever_holds_it(tmp_path: Path) -> None:
    stream = in_chunks(body(file("image", "a.png", PICTURE)))
    async with receive_form(headers(), stream, folder=tmp_path, limits=LIMITS) as form:
        await form.close()
        assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    ("sent", "kept"),
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
async def test_a_filename_is_only_a_name(tmp_path: Path, sent: str, kept: str) -> None:
    form = await receive(body(file("image", sent, b"x")), tmp_path)
    assert form["image"].filename == kept


@pytest.mark.parametrize("bad", [b"\xff", b"a\0b", b"\xed\xa0\x80"], ids=["not-utf8", "nul", "surrogate"])
async def test_what_is_not_text_is_invalid_and_named(tmp_path: Path, bad: bytes) -> None:
    for data in (field("title", bad), file("title", bad, b"x")):
        with pytest.raises(Invalid) as caught:
            await receive(body(file("image", "a.png", PICTURE), data), tmp_path)
        assert list(caught.value.fields) == ["title"]
        assert files_in(tmp_path) == []
    with pytest.raises(BadRequest, match="field name"):
        await receive(body(part(b'form-data; name="' + bad + b'"', b"x")), tmp_path)


PNG = file("image", "a.png", PICTURE[:9000])
BROKEN = {
    "nothing": b"",
    "only the preamble": b"\r\n\r\n",
    "no boundary": b"hello",
    "other boundary": b"--other\r\n" + PNG,
    "cut in the header": PNG[:80],
    "cut in the file": PNG[:5000],
    "cut before the end": PNG,
    "cut in the end": PNG + END[:-5],
    "half of the closing dashes": PNG + END[:-3],
    "boundary with text behind": b"--" + BOUNDARY.encode() + b"x\r\n",
    "header without a colon": b"--" + BOUNDARY.encode() + b"\r\nnonsense\r\n\r\nx\r\n" + END,
    "header that never ends": b"--" + BOUNDARY.encode() + b"\r\nA: " + b"a" * 100_000,
    "many headers": body(part('form-data; name="a"', b"x", *([b"A: b"] * 20))),
    "no disposition": b"--" + BOUNDARY.encode() + b"\r\nA: b\r\n\r\nx\r\n" + END,
    "no name": body(part("form-data", b"x")),
    "attachment": body(part('attachment; name="image"; filename="a.png"', b"x")),
    "bare line feeds": body(PNG).replace(b"\r\n", b"\n"),
}


@pytest.mark.parametrize("size", [1, 65_536])
@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_body_is_a_bad_request(tmp_path: Path, name: str, size: int) -> None:
    with pytest.raises(BadRequest):
        await receive(BROKEN[name], tmp_path, size=size)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    "said",
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
async def test_an_absurd_content_type_is_a_bad_request(tmp_path: Path, said: str | None) -> None:
    with pytest.raises(BadRequest):
        await receive(body(PNG), tmp_path, headers=Headers({} if said is None else {"content-type": said}))


async def test_a_boundary_may_be_quoted_and_long(tmp_path: Path) -> None:
    boundary = "a b" + "x" * 67
    said = Headers({"content-type": f'Multipart/Form-Data; charset=utf-8; Boundary="{boundary}"'})
    data = body(field("title", b"x")).replace(BOUNDARY.encode(), boundary.encode())
    assert await receive(data, tmp_path, headers=said) == {"title": "x"}


async def test_too_many_parts_or_too_large_a_field_is_a_bad_request(tmp_path: Path) -> None:
    for data, complaint in (
        (body(*[PNG] * 4), "at most 3"),
        (body(*(field(f"f{n}", b"x") for n in range(5))), "at most 4"),
        (body(PNG, field("title", b"x" * 10_001)), "exceeded maximum size"),
    ):
        with pytest.raises(BadRequest, match=complaint):
            await receive(data, tmp_path)
        assert files_in(tmp_path) == []


async def test_the_largest_file_is_taken_and_one_byte_more_is_not(tmp_path: Path) -> None:
    form = await receive(body(file("image", "a.png", bytes(LIMITS.max_file_size))), tmp_path)
    assert form["image"].size == LIMITS.max_file_size
    with pytest.raises(TooLarge) as caught:
        await receive(body(file("image", "a.png", bytes(LIMITS.max_file_size + 1))), tmp_path)
    assert (caught.value.limit, caught.value.actual) == (LIMITS.max_file_size, None)
    assert files_in(tmp_path) == []


async def test_reading_stops_as_soon_as_a_file_is_too_large(tmp_path: Path) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        yield PNG[:200]
        while True:
            taken += 65_536
            yield bytes(65_536)

    with pytest.raises(TooLarge):
        async with receive_form(headers(), endless(), folder=tmp_path, limits=LIMITS):
            pass
    assert taken <= LIMITS.max_file_size + 2 * 65_536
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("before", [body(PNG), b"\r\n"], ids=["behind the end", "before the beginning"])
async def test_what_no_part_holds_does_not_go_on_for_ever(tmp_path: Path, before: bytes) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield before
        while True:
            yield b"x" * 65_536

    with pytest.raises((TooLarge, BadRequest)):
        async with receive_form(headers(), endless(), folder=tmp_path, limits=LIMITS):
            pass
    assert files_in(tmp_path) == []


async def test_a_stalled_upload_is_given_up(tmp_path: Path) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        yield PNG
        await asyncio.sleep(3600)

    impatient = FormLimits(max_file_size=MEGABYTE, stall_timeout=0.02)
    with pytest.raises(BadRequest, match="stalled"):
        async with receive_form(headers(), stalling(), folder=tmp_path, limits=impatient):
            pass
    assert files_in(tmp_path) == []


async def test_a_slow_upload_is_not_a_stalled_one(tmp_path: Path) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        async for chunk in in_chunks(body(PNG), 2000):
            await asyncio.sleep(0.15)
            yield chunk

    patient = FormLimits(max_file_size=MEGABYTE, stall_timeout=0.6)
    async with receive_form(headers(), slowly(), folder=tmp_path, limits=patient) as form:
        assert upload_of(form).size == 9000


async def test_a_client_that_leaves_leaves_nothing(tmp_path: Path) -> None:
    async def leaving() -> AsyncIterator[bytes]:
        yield PNG[:200] + bytes(2 * MEGABYTE)
        assert files_in(tmp_path)
        raise ClientDisconnect

    with pytest.raises(ClientDisconnect):
        async with receive_form(headers(), leaving(), folder=tmp_path, limits=LIMITS):
            pass
    assert files_in(tmp_path) == []


async def pausing(reached: asyncio.Event) -> AsyncIterator[bytes]:
    yield PNG[:200] + bytes(2 * MEGABYTE)
    reached.set()
    await asyncio.sleep(3600)


async def test_a_cancelled_upload_leaves_nothing(tmp_path: Path) -> None:
    reached = asyncio.Event()

    async def work() -> None:
        async with receive_form(headers(), pausing(reached), folder=tmp_path, limits=LIMITS):
            pass

    task = asyncio.create_task(work())
    await reached.wait()
    assert files_in(tmp_path)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files_in(tmp_path) == []


async def test_an_upload_in_a_cancelled_scope_leaves_nothing(tmp_path: Path) -> None:
    reached = asyncio.Event()
    async with anyio.create_task_group() as tasks:

        async def work() -> None:
            async with receive_form(headers(), pausing(reached), folder=tmp_path, limits=LIMITS):
                pass

        tasks.start_soon(work)
        await reached.wait()
        tasks.cancel_scope.cancel()
    assert files_in(tmp_path) == []


async def test_cancels_at_any_moment_leave_nothing(tmp_path: Path) -> None:
    data = body(file("image", "a.png", bytes(3 * MEGABYTE)))

    async def work() -> None:
        async with receive_form(headers(), in_chunks(data), folder=tmp_path, limits=LIMITS):
            await asyncio.sleep(0)

    for turn in range(60):
        task = asyncio.create_task(work())
        await asyncio.sleep(turn / 5000)
        task.cancel()
        await asyncio.wait([task])
        assert files_in(tmp_path) == []


async def test_an_error_of_whoever_uses_the_form_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        await receive(body(PNG), tmp_path, lambda form: form["nothing"])
    assert files_in(tmp_path) == []


async def test_a_disk_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with largest_file(1_500_000), pytest.raises(OSError, match="File too large"):
        await receive(body(file("image", "a.png", bytes(2 * MEGABYTE))), tmp_path)
    assert files_in(tmp_path) == []


async def test_a_full_disk_is_out_of_storage(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = await asyncio.create_subprocess_exec("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small)
    if await mounted.wait():
        pytest.skip("mounting a disk takes more rights than we have")
    try:
        with pytest.raises(OutOfStorage):
            await receive(body(file("image", "a.png", bytes(2 * MEGABYTE))), small)
        assert files_in(small) == []
    finally:
        await (await asyncio.create_subprocess_exec("umount", small)).wait()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 600), cut=st.integers(0, 40), put=st.binary(max_size=40), size=st.integers(1, 700))
async def test_a_mutilated_body_is_read_or_refused_in_our_words(
    tmp_path: Path, at: int, cut: int, put: bytes, size: int
) -> None:
    whole = body(field("title", b"x"), file("image", "a.png", b"\r\n--" * 20), field("tags", b"y"))
    data = whole[:at] + put + whole[at + cut :]
    with suppress(BadRequest, Invalid):
        await receive(data, tmp_path, size=size)
    assert files_in(tmp_path) == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    picture=st.lists(st.sampled_from([b"\r", b"\n", b"--", BOUNDARY.encode()[:9], b"x", b"\0"])).map(
        b"".join
    ),
    size=st.integers(1, 200),
)
async def test_any_bytes_come_through_unchanged(tmp_path: Path, picture: bytes, size: int) -> None:
    def digest(form: FormData) -> str:
        return upload_of(form).sha256

    data = body(file("image", "a.png", picture))
    assert await receive(data, tmp_path, digest, size=size) == hashlib.sha256(picture).hexdigest()


@pytest.mark.parametrize(("said", "length"), [({}, None), ({"content-length": "0"}, 0)])
def test_a_declared_length_is_a_number_or_nothing(said: dict[str, str], length: int | None) -> None:
    assert content_length(Headers(said)) == length


@pytest.mark.parametrize("said", ["", "-1", "1.5", "1e9", "0x10", " 1", "²", "9" * 30, "1,1"])
def test_a_declared_length_that_is_no_number_is_a_bad_request(said: str) -> None:
    with pytest.raises(BadRequest):
        content_length(Headers({"content-length": said}))


def test_a_declared_length_may_have_room_for_the_wrapping() -> None:
    limits = FormLimits(max_file_size=50 * MEGABYTE)
    most = 50 * MEGABYTE + FORM_OVERHEAD_BYTES
    check_content_length(Headers({"content-length": str(most)}), limits)
    check_content_length(Headers({}), limits)
    with pytest.raises(TooLarge) as caught:
        check_content_length(Headers({"content-length": str(most + 1)}), limits)
    assert (caught.value.limit, caught.value.actual) == (50 * MEGABYTE, most + 1)


async def test_a_declared_length_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    async def untouched() -> AsyncIterator[bytes]:
        pytest.fail("read")
        yield b""

    said = headers(**{"content-length": "99999999"})
    with pytest.raises(TooLarge):
        async with receive_form(said, untouched(), folder=tmp_path, limits=LIMITS):
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

def kilobytes(line):
    return int(Path("/proc/self/status").read_text().split(line)[1].split()[0])

async def main():
    await receive(50_000)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins again
    before = kilobytes("VmRSS:")
    print(await receive(50_000_000), await receive(51_000_000), (kilobytes("VmHWM:") - before) / 1024)

asyncio.run(main())
"""


def test_a_large_upload_costs_little_memory(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", LARGE_UPLOAD, tmp_path], capture_output=True, text=True, check=True
    )
    size, refused, megabytes = run.stdout.split()
    assert (size, refused) == ("50000000", "None")
    assert float(megabytes) < 8
    assert files_in(tmp_path) == []
