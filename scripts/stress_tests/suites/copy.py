# ruff: noqa: S603, S608  (commands and SQL are constants of this file)
"""copy-database and copy-storage of many images, each killed twice: the copies end complete and equal."""

import asyncio
import json
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from random import Random

import httpx2

from app.lifespan import storage_location, uncached_storage
from app.settings import Settings
from scripts.benchmarks.processes import ProcessFailed
from scripts.stress_tests.engines import Engines, fetch_rows, running_engines
from scripts.stress_tests.options import StressOptions
from scripts.stress_tests.report import StressReport
from scripts.stress_tests.server import PICHUB, StressServer
from scripts.stress_tests.tiny_images import tiny_png

IMAGES, FEW = 10_000, 1_000
KILL_AT_FRACTIONS = (0.25, 0.6)
"""Shares of the work after which the command is killed."""
SAMPLE_SIZE = 200
COPY_TIMEOUT_SECONDS = 300.0


def run(options: StressOptions, report: StressReport) -> None:
    count = FEW if options.quick else IMAGES
    folder = _seeded(options.folder / "from", count)
    report.say(f"{count:,} images in a folder and a SQLite file")
    with running_engines() as running:
        _copy_database(folder / "pichub.db", running, count, report)
        _copy_storage(folder / "storage", running, count, options.folder, report)
        _check_copies(running, options.folder / "to", count, options.random, report)
    figures = report.figures
    report.summary = (
        f"{count:,} images killed 2 times each way; the last run of copy-database {figures['database_seconds']} s,"
        f" of copy-storage {figures['storage_seconds']} s"
    )


def _seeded(folder: Path, count: int) -> Path:
    """Create a data folder with `count` distinct images: one upload, and rows and files copied from it."""
    server = StressServer(folder)
    with server.running():
        files = {"image": ("a.png", tiny_png(0))}
        answer = httpx2.post(
            f"{server.url}/v1/upload", headers=server.headers, files=files, data={"tags": "a, b"}
        )
        if answer.status_code != 200:
            raise ProcessFailed(f"the upload was answered with {answer.text}")
        first = answer.json()["data"]["id"]
    with closing(sqlite3.connect(server.data / "pichub.db")) as db:
        one = db.execute("SELECT * FROM images")
        names = [column[0] for column in one.description]
        row = dict(zip(names, one.fetchone(), strict=True))
        added = [_like(row, server.data / "storage", number) for number in range(1, count)]
        marks = ", ".join(f":{name}" for name in names)
        db.executemany(f"INSERT INTO images ({', '.join(names)}) VALUES ({marks})", added)
        tags = db.execute("SELECT * FROM image_tags WHERE image_id = ?", (first,))
        named = [column[0] for column in tags.description]
        for found in tags.fetchall():
            tag = dict(zip(named, found, strict=True))
            keys = [name for name in named if name != "id"]
            db.executemany(
                f"INSERT INTO image_tags ({', '.join(keys)}) VALUES ({', '.join(':' + key for key in keys)})",
                [{key: tag[key] for key in keys} | {"image_id": each["id"]} for each in added],
            )
        db.execute(
            "UPDATE accounts SET image_count = ?, bytes_used = (SELECT sum(size) FROM images)", (count,)
        )
        db.commit()
    return server.data


def _like(row: dict[str, object], storage: Path, number: int) -> dict[str, object]:
    image_id, content = f"img_{number:026d}", tiny_png(number)
    key = f"originals/{image_id}.png"
    (storage / key).write_bytes(content)
    digest = sha256(content).hexdigest()
    return row | {
        "id": image_id,
        "key": key,
        "size": len(content),
        "sha256": digest,
        "filename": f"{number}.png",
    }


def _copy_database(source: Path, running: Engines, count: int, report: StressReport) -> None:
    command = ["copy-database", f"sqlite:///{source}", running.database]

    def reached() -> int:
        try:
            ((number,),) = asyncio.run(fetch_rows(running.database, "SELECT count(*) FROM images"))
        except Exception:  # the tables do not exist yet
            return 0
        return int(str(number))

    _run_with_kills(command, {}, reached, count, "database", report)
    with closing(sqlite3.connect(source)) as db:
        ours = db.execute("SELECT id, sha256, size, filename FROM images ORDER BY id").fetchall()
    sql = "SELECT id, sha256, size, filename FROM images"
    theirs = sorted(asyncio.run(fetch_rows(running.database, sql)))  # type: ignore[type-var]
    report.check(ours == theirs, "lost: the rows of images are not those of the source")


def _copy_storage(source: Path, running: Engines, count: int, folder: Path, report: StressReport) -> None:
    settings = Settings(
        data_dir=folder / "looking",
        **{name: value for name, value in running.settings.items() if name.startswith(("storage", "s3"))},
    )
    settings.data_dir.mkdir()
    environ = {
        f"PICHUB_{name.upper()}": value for name, value in running.settings.items() if name.startswith("s3")
    }
    environ["PICHUB_DATA_DIR"] = str(folder / "copying")

    async def objects() -> int:
        bucket = uncached_storage(storage_location(settings), settings)
        return len([key async for key, _ in bucket.list("originals")])

    command = ["copy-storage", str(source), running.settings["storage_url"], "--json"]
    said = _run_with_kills(command, environ, lambda: asyncio.run(objects()), count, "storage", report)
    report.figure("storage", told := json.loads(re.findall(r"^\{.*\}$", said, re.MULTILINE)[-1]))
    whole = told["copied"]["count"] + told["there"]["count"] == count and not told["failures"]
    report.check(whole, f"lost: copy-storage says {told}")
    report.check(asyncio.run(objects()) == count, "lost: objects are missing in the bucket")


def _run_with_kills(
    command: list[str],
    environ: dict[str, str],
    reached: Callable[[], int],
    count: int,
    what: str,
    report: StressReport,
) -> str:
    """Run the command, kill it twice on the way, then let it finish. Return its last output."""
    kills = []
    for part in KILL_AT_FRACTIONS:
        process = subprocess.Popen(
            [*PICHUB, *command], env=_environ(environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while (now := reached()) < part * count and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            report.say(f"copy-{what} came to its end before it was killed")
        kills.append(now)
    begun = time.monotonic()
    done = subprocess.run(
        [*PICHUB, *command],
        env=_environ(environ),
        check=False,
        capture_output=True,
        text=True,
        timeout=COPY_TIMEOUT_SECONDS,
    )
    seconds = round(time.monotonic() - begun, 1)
    report.check(done.returncode == 0, f"copy-{what} ended with {done.returncode}: {done.stderr[-1000:]}")
    report.figure(f"{what}_seconds", seconds)
    report.figure(f"{what}_killed_at", kills)
    at = " and ".join(f"{kill:,}" for kill in kills)
    report.say(f"copy-{what}: killed at {at} of {count:,}, then {seconds} s to its end, all compared")
    return done.stdout


def _environ(added: dict[str, str]) -> dict[str, str]:
    return StressServer(Path("/tmp")).environ | added  # noqa: S108  (only its environment is wanted)


def _check_copies(running: Engines, folder: Path, count: int, rng: Random, report: StressReport) -> None:
    """Check with a server on the copies that nothing is missing."""
    server = StressServer(folder, **running.settings)
    with server.running():
        for number in rng.sample(range(1, count), SAMPLE_SIZE):
            shown = httpx2.get(f"{server.url}/img/img_{number:026d}", timeout=30)
            right = shown.status_code == 200 and shown.content == tiny_png(number)
            report.check(right, f"lost: image {number} is shown as {shown.status_code}")
        said = json.loads(server.run("doctor", "--json"))
    for line in said:
        if line["about"] in {"orphans", "lost pictures", "database", "storage"}:
            report.say(f"doctor: {line['about']}: {line['said']}")
            report.check(line["level"] == "ok", f"the doctor says {line}")
