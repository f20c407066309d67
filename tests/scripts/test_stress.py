"""What looks for broken promises finds those that are planted. The suites themselves are run by `scripts/test`."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner
from PIL import Image

from scripts.benchmarks.processes import Memory, ProcessTree, is_running
from scripts.stress_tests import audit
from scripts.stress_tests.__main__ import NAMES, main
from scripts.stress_tests.audit import DataFolder
from scripts.stress_tests.expected_state import Deletion, ExpectedImage, ExpectedState
from scripts.stress_tests.memory_watch import MemoryWatch, growth, process_group
from scripts.stress_tests.receiver import WebhookReceiver
from scripts.stress_tests.report import StressReport
from scripts.stress_tests.server import StressServer
from scripts.stress_tests.suites import load
from scripts.stress_tests.tiny_images import TinyImage, tiny_png
from tests.pichub import house, signed, until

KINDS = ["image.uploaded", "image.deleted", "album.created", "album.updated"]
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()


@dataclass
class Scene:
    """A data folder with two images in an album and one deleted, the expected of it, and who was told of it."""

    data: DataFolder
    expected: ExpectedState
    receiver: WebhookReceiver

    def broken(self) -> list[str]:
        return [
            *audit.check_counts(self.data),
            *audit.check_tags(self.data),
            *audit.check_originals(self.data),
            *audit.check_orphans(self.data),
            *audit.check_events(self.data),
            *audit.check_images(self.data, self.expected),
            *audit.check_deleted(self.data, self.expected),
            *audit.check_albums(self.data, self.expected),
            *audit.outstanding_deliveries(self.data, self.receiver),
            *audit.check_deliveries(self.expected, self.receiver),
        ]

    def sql(self, statement: str) -> None:
        with closing(sqlite3.connect(self.data.folder / "pichub.db")) as db, db:
            assert db.execute(statement).rowcount > 0

    def file(self) -> Path:
        return next((self.data.storage / "originals").iterdir())

    def leave(self, path: str) -> None:
        file = self.data.storage / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")

    @property
    def gone(self) -> ExpectedImage:
        return next(image for image in self.expected.images.values() if image.must_be_gone)


@pytest.fixture
async def scene(tmp_path: Path) -> Scene:
    expected, receiver = (
        ExpectedState(),
        WebhookReceiver(url="http://127.0.0.1:9", secrets={"/hook": SECRET}, kinds={"/hook": set(KINDS)}),
    )
    async with house(tmp_path, webhook_allow_networks=()) as home:
        album = (await home.client.post("/v1/albums", headers=home.headers, json={"name": "a"})).json()[
            "data"
        ]
        expected.album_names[album["id"]] = {"a"}
        for number in range(3):
            source = TinyImage(number)
            words = {"album_id": album["id"], "title": f"t {number}", "tags": f"tag of t {number}"}
            image = await home.upload(source.content, **words)
            kept = ExpectedImage(image["id"], source, titles={f"t {number}"}, albums={album["id"]})
            expected.images[kept.id] = kept
            expected.moves.add((kept.id, album["id"]))
        await home.client.delete(f"/v1/images/{kept.id}", headers=home.headers)
        kept.deletion = Deletion.ACKNOWLEDGED
        events = (await home.client.get("/v1/events?limit=100", headers=home.headers)).json()["data"]
    data = DataFolder(tmp_path)
    owner = data.rows("SELECT id FROM accounts")[0][0]
    with closing(sqlite3.connect(tmp_path / "pichub.db")) as db, db:
        db.execute(
            "INSERT INTO webhooks"
            " (id, owner_id, url, events, secret, is_active, since_position, created_at, updated_at)"
            " VALUES ('whk_1', ?, 'http://127.0.0.1:9/hook', ?, ?, 1, 0, '2026-01-01', '2026-01-01')",
            (owner, json.dumps(KINDS), SECRET),
        )
    receiver.events["/hook"] = {event["id"]: event for event in events}
    return Scene(data, expected, receiver)


def forget(scene: Scene, kind: str) -> None:
    events = scene.receiver.events["/hook"]
    for id in [id for id, event in events.items() if event["type"] == kind]:
        del events[id]


def file_owner(scene: Scene) -> ExpectedImage:
    return scene.expected.images[scene.file().name.split(".")[0]]


def refuse(scene: Scene) -> None:
    source = file_owner(scene).source
    scene.expected.refused[source.sha256] = source


PLANTED: dict[str, tuple[Callable[[Scene], object], str]] = {
    "a row that is lost": (lambda s: s.sql("DELETE FROM images WHERE title = 't 0'"), "has no row"),
    "bytes that are lost": (lambda s: s.file().unlink(), "has a row and no bytes"),
    "bytes that changed": (lambda s: s.file().write_bytes(b"x"), "has other bytes than its row says"),
    "a count of an account": (lambda s: s.sql("UPDATE accounts SET image_count = 9"), "counts 9 images"),
    "bytes of an account": (lambda s: s.sql("UPDATE accounts SET bytes_used = 9"), "and 9 bytes; there are"),
    "a count of an album": (
        lambda s: s.sql("UPDATE albums SET image_count = 9"),
        "counts 9 images; there are 2",
    ),
    "a title without its tags": (lambda s: s.sql("UPDATE images SET title = 'x'"), "half of a change"),
    "a tag that is not found by": (lambda s: s.sql("DELETE FROM image_tags"), "is found by None"),
    "an older title": (lambda s: s.sql("UPDATE images SET title = 'older'"), "has the title 'older'"),
    "an older album": (lambda s: s.sql("UPDATE images SET album_id = NULL"), "is in the album None"),
    "an older name": (lambda s: s.sql("UPDATE albums SET name = 'older'"), "is called 'older'"),
    "an event that was not written": (
        lambda s: s.sql("DELETE FROM events WHERE type LIKE 'image%'"),
        "0 events",
    ),
    "a gap in the events": (lambda s: s.sql("DELETE FROM events WHERE position = 2"), "have gaps"),
    "an original without a row": (lambda s: s.leave("originals/img_1.png"), "belongs to no row"),
    "a variant without a row": (lambda s: s.leave("variants/img_1/a.webp"), "belongs to no row"),
    "a file on its way": (lambda s: s.leave("tmp/upload-1"), "was left on its way in"),
    "a variant of what was deleted": (
        lambda s: s.leave(f"variants/{s.gone.id}/a.webp"),
        "was deleted, and a.webp is",
    ),
    "what was deleted": (
        lambda s: setattr(file_owner(s), "deletion", Deletion.ACKNOWLEDGED),
        "and has a row",
    ),
    "what was refused": (lambda s: refuse(s), "was refused, and has a row"),
    "a webhook that never came": (lambda s: s.receiver.events["/hook"].popitem(), "/hook evt_"),
    "an upload nobody was told of": (lambda s: forget(s, "image.uploaded"), "was not told that img_"),
    "a deletion nobody was told of": (lambda s: forget(s, "image.deleted"), "told wrongly whether"),
    "a move nobody was told of": (lambda s: forget(s, "album.updated"), "entered alb_"),
    "an edit nobody was told of": (lambda s: s.expected.edits.add(("alb_1", "b")), "alb_1 was called b"),
    "a forged webhook": (lambda s: s.receiver.handle("/hook", {}, b"{}"), "a signature that does not hold"),
}


async def test_nothing_is_found_where_nothing_is_broken(scene: Scene) -> None:
    assert scene.broken() == []


async def test_each_planted_loss_is_found(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> None:
    for number, (name, (plant, told)) in enumerate(PLANTED.items()):
        folder = tmp_path_factory.mktemp("planted") / str(number)
        shutil.copytree(scene.data.folder, folder)
        one = Scene(DataFolder(folder), deepcopy(scene.expected), deepcopy(scene.receiver))
        plant(one)
        assert any(told in failure for failure in one.broken()), (name, one.broken())


def test_only_what_is_signed_counts_as_received() -> None:
    receiver = WebhookReceiver(secrets={"/hook": SECRET}, stubborn={"/hook"})
    refused = 0
    for number in range(40):
        id, body = f"evt_{number}", b'{"type": "ping"}'
        mark = hmac.digest(b"k" * 24, f"{id}.1.".encode() + body, hashlib.sha256)
        headers = {"webhook-id": id, "webhook-timestamp": "1"}
        headers["webhook-signature"] = "v1," + base64.b64encode(mark).decode()
        assert receiver.handle("/hook", headers, body + b" ") == 400
        if receiver.handle("/hook", headers, body) == 500:
            refused += 1
            assert receiver.handle("/hook", headers, body) == 204
    assert refused == len(receiver.refused) > 0
    assert (len(receiver.events["/hook"]), len(receiver.unsigned)) == (40, 40)


@pytest.mark.parametrize(("slope", "is_flat"), [(0, True), (1, False)])
def test_what_grows_is_found(slope: float, is_flat: bool) -> None:
    samples = [(float(second), 200 + slope * second) for second in range(300)]
    found = growth("MB", samples)
    assert (found.is_flat, round(found.slope)) == (is_flat, 60 * slope)


def test_memory_is_told_of_each_kind_of_process_and_minute() -> None:
    samples = [(float(second), Memory(whole=50 + second, anonymous=40)) for second in range(180)]
    found = process_group("workers", samples)
    assert found.minutes == [(40, 79.5), (40, 139.5), (40, 199.5)]
    assert (round(found.whole.slope), found.anonymous.slope) == (60, 0)
    assert str(found) == "  workers: MB: 140, then 200 (+60.00 a minute); 40, then 40 anonymous"


def name_of(pid: int) -> str:
    """What it runs; a child runs what its parent does at first."""
    return Path(f"/proc/{pid}/comm").read_text().strip()


async def test_a_parent_and_its_child_are_watched_apart_and_together() -> None:
    program = "import subprocess; subprocess.run(['sleep', '60'])"
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    watch = MemoryWatch(ProcessTree(parent.pid))
    await until(lambda: "sleep" in map(name_of, watch.tree.pids()), within=30)
    watch.sample()
    os.kill(watch.tree.pids()[1], signal.SIGTERM)
    await parent.wait()
    had = {who: seen[0][1] for who, seen in watch.had.items()}
    assert list(had) == ["server", "nursery"]
    assert had["server"].whole > had["server"].anonymous > had["nursery"].anonymous > 0
    assert watch.samples["MB"][0][1] == pytest.approx(sum(each.whole for each in had.values()))


def test_the_share_of_times_is_a_percentile() -> None:
    times = [float(number) for number in range(1, 101)]
    assert (load.percentile(times, 0.5), load.percentile(times, 0.99), load.percentile([], 0.5)) == (
        51.0,
        100.0,
        0.0,
    )


def test_specimens_are_pictures_and_differ() -> None:
    for content in (TinyImage(1).content, tiny_png(1)):
        Image.open(BytesIO(content)).load()
    assert (
        len(
            {TinyImage(number).sha256 for number in range(50)}
            | {sha256(tiny_png(n)).hexdigest() for n in range(50)}
        )
        == 100
    )


def test_a_broken_promise_fails_the_run_and_stands_in_the_figures(tmp_path: Path) -> None:
    report = StressReport("crash", seed=7, summary="200 kills, 12,431 operations, 0 lost")
    assert report.summary_line == "crash: 200 kills, 12,431 operations, 0 lost, 0 broken in 0 s"
    report.check(condition=False, failure="a failure")
    report.write(tmp_path / "figures.json")
    written = json.loads((tmp_path / "figures.json").read_text())
    assert (written["broken"], written["seed"]) == (["a failure"], 7)


def test_suites_are_found_by_name_and_others_refused() -> None:
    assert {"crash", "disk", "load", "upgrade"} <= set(NAMES)
    done = CliRunner().invoke(main, ["nothing"])
    assert done.exit_code == 2
    assert "crash" in done.output


def test_a_server_that_is_killed_leaves_no_process_and_its_token_holds_at_the_next_start(
    tmp_path: Path,
) -> None:
    server = StressServer(tmp_path, min_free_disk="1MB")
    with server.running():
        upload = {"files": {"image": ("a.png", tiny_png(1))}, "headers": server.headers, "timeout": 30}
        assert requests.post(f"{server.url}/v1/upload", **upload).status_code == 200
        pids = server.tree.pids()
        server.kill()
        assert len(pids) > 1
        assert not [pid for pid in pids if is_running(pid)]
        server.start()
        listed = requests.get(f"{server.url}/v1/images", headers=signed(server.token), timeout=30).json()
        assert listed["meta"]["total"] == 1
        assert server.stop() in {0, -signal.SIGTERM}
    assert not server.tracebacks()
