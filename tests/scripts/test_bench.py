"""The measurements measure what they say; they themselves are run by `scripts/bench`."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from app.graphql.schema import build_schema
from app.settings import Settings
from scripts.benchmarks import benchmark_images, codec, directus, lists, workbench
from scripts.benchmarks.__main__ import main
from scripts.benchmarks.bars import BARS, Bar
from scripts.benchmarks.comparison import SHORT, Comparison
from scripts.benchmarks.concurrent_requests import CONCURRENT_REQUESTS
from scripts.benchmarks.load import Load
from scripts.benchmarks.machine import Scratch
from scripts.benchmarks.processes import ProcessFailed, ProcessTree, running
from scripts.benchmarks.report import BenchmarkReport
from scripts.benchmarks.servers import JPEG, WEBP, BenchmarkServer

ROOT = Path(__file__).parents[2]


def test_the_photograph_is_the_same_every_time_and_no_flat_one() -> None:
    one, other = benchmark_images.photograph(400, 300), benchmark_images.photograph(400, 300)
    assert one.tobytes() == other.tobytes()
    file = BytesIO()
    one.save(file, "JPEG", quality=90)
    assert (
        0.2 < file.tell() / (400 * 300) < 0.9
    )  # a camera's have a quarter of a byte a pixel, and more when small


def test_no_two_addresses_ask_for_the_same_variant() -> None:
    for workload in (WEBP, JPEG):
        sizes = workload.sizes()
        assert len(set(sizes)) == len(sizes) > 200
        assert (workload.width, workload.height) not in sizes
        assert abs(sum(width for width, _ in sizes) / len(sizes) - workload.width) < 20


def test_each_bar_has_one_side_and_is_told_to_be_passed_or_missed() -> None:
    assert all((bar.at_least is None) != (bar.at_most is None) for bar in BARS)
    bar = Bar("speed", "times their speed", at_least=2)
    assert bar.verdict({"speed": 2.5}).split()[0] == "pass"
    assert bar.verdict({"speed": 1.5}).split()[0] == "MISS"
    assert "not measured" in bar.verdict({})


def test_ours_and_bare_pillow_do_the_same_job(tmp_path: Path) -> None:
    benchmark_images.photograph(800, 600).save(tmp_path / "photo.jpg")
    job = {"source": str(tmp_path / "photo.jpg"), "destination": str(tmp_path / "result.webp")}
    job |= {"width": 200, "height": 150, "format": "webp", "quality": 80}
    workbench.ours(job)()
    with Image.open(tmp_path / "result.webp") as result:
        assert result.size == (200, 150)
    workbench.bare(job)()


def test_a_job_travels_as_one_line() -> None:
    made = benchmark_images.BenchmarkImages(
        *(Path(name) for name in ("photo.jpg", "alpha.png", "photo.webp", "animation.gif"))
    )
    assert all(job.line(Path("result")).count("\n") == 1 for job in codec.codec_jobs(made))


def test_what_is_started_is_ended(tmp_path: Path) -> None:
    program = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
    with running(program, log=tmp_path / "log", cwd=tmp_path) as tree:
        assert tree.pids() == [tree.pid]
        assert tree.memory() > 0
    assert not Path(f"/proc/{tree.pid}").exists()


def test_a_section_that_does_not_exist_is_named() -> None:
    result = CliRunner().invoke(main, ["transforms", "--only", "codec,weather"])
    assert result.exit_code == 2
    assert "weather" in result.output


def test_a_server_that_is_not_among_the_others_is_named() -> None:
    result = CliRunner().invoke(main, ["transforms", "--with", "weather"])
    assert result.exit_code == 2
    assert "weather" in result.output
    assert "directus" in result.output


def test_directus_tells_nobody_refuses_nothing_and_listens_here_alone() -> None:
    settings = directus.environment(Path("/somewhere"), "secret", 8055)
    assert settings["HOST"] == "127.0.0.1"
    switches = ("TELEMETRY", "RATE_LIMITER_ENABLED", "PRESSURE_LIMITER_ENABLED")
    assert {settings[switch] for switch in switches} == {"false"}
    assert int(settings["ASSETS_TRANSFORM_MAX_CONCURRENT"]) > CONCURRENT_REQUESTS


def test_a_peer_that_fails_is_told_and_the_others_are_measured(tmp_path: Path, capsys) -> None:
    tree, one = ProcessTree(os.getpid()), Load(rate=2, p50=1, p99=1, cpu=1, cpu_of_main=1)
    ours, peer = (BenchmarkServer(name, 0, tree, lambda *_: "/") for name in ("PicHub", "peer"))

    def run(server: BenchmarkServer) -> Load:
        if server is peer:
            raise ProcessFailed("it is ill")
        return one

    report = BenchmarkReport()
    comparison = Comparison(Scratch(tmp_path, tmp_path), tmp_path, [ours, peer], report, SHORT)
    loads = comparison.interleaved([ours, peer], run)
    assert loads == {"PicHub": one}
    assert comparison.rows([ours, peer], loads)[1][:2] == ["peer", "failed"]
    assert "peer failed: it is ill" in capsys.readouterr().out
    with pytest.raises(ProcessFailed):
        Comparison(Scratch(tmp_path, tmp_path), tmp_path, [peer, ours], report, SHORT).interleaved(
            [peer], run
        )


def test_tables_are_markdown(capsys) -> None:
    BenchmarkReport().table("Speed", ["who", "ms"], [["ours", 12.345], ["theirs", 12_345.6]])
    assert "| ours   | 12.3   |" in capsys.readouterr().out


def test_the_script_says_what_it_can_do() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "scripts.benchmarks", "transforms", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--quick" in said.stdout
    assert "--with [directus]" in said.stdout


def test_rows_are_copied_with_their_own_ids_and_times() -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE things (id TEXT, made INTEGER, word TEXT)")
        db.execute("INSERT INTO things VALUES ('first', 100, 'x')")
        lists._copy_rows(db, "things", 2, {"id": "'copy ' || n", "made": "t.made - n"})
        assert db.execute("SELECT * FROM things ORDER BY made").fetchall() == [
            ("copy 2", 98, "x"), ("copy 1", 99, "x"), ("first", 100, "x")
        ]  # fmt: skip


def test_lists_are_asked_for_as_the_schema_has_them() -> None:
    reader = build_schema(Settings()).document_cache
    assert [reader.parse(query).errors for query in (lists.NEWEST, lists.PAGE)] == [(), ()]
