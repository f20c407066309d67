import asyncio
import json
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.signing.keyring import BadKeyring, FileKeyring, FixedKeyring, KeyringSecret

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WEEK = timedelta(days=7)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def text_of(path: Path) -> str:
    return path.read_text(errors="surrogateescape")


def write(path: Path, text: str | None) -> None:
    """Writes over a file; None removes it."""
    if text is None:
        path.unlink()
    else:
        path.write_text(text, errors="surrogateescape")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "url-secrets.json"


async def test_the_secret_is_made_once_and_is_for_its_owner_alone(path: Path) -> None:
    keyring = FileKeyring(path)
    assert await keyring.valid_secrets(NOW) == ()
    secret = await keyring.signing_secret()
    assert len(secret) >= 43
    assert await FileKeyring(path).signing_secret() == secret
    assert await keyring.valid_secrets(NOW) == (secret,)
    assert mode_of(path) == 0o600
    assert {file.name for file in path.parent.iterdir()} == {"url-secrets.json", "url-secrets.lock"}


async def test_those_who_make_it_at_once_are_given_one(path: Path) -> None:
    made = await asyncio.gather(*(FileKeyring(path).signing_secret() for _ in range(8)))
    assert set(made) == set(await FileKeyring(path).valid_secrets(NOW))


def test_processes_that_make_it_at_once_are_given_one(path: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
from app.signing.keyring import FileKeyring
sys.stdin.read()
print(asyncio.run(FileKeyring(Path({str(path)!r})).newest()))
"""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.close()
        process.stdin = None
    made = {process.communicate(timeout=30)[0].strip() for process in processes}
    assert made == set(asyncio.run(FileKeyring(path).valid_secrets(NOW)))


async def test_what_a_crash_left_half_written_is_not_the_secret(path: Path) -> None:
    path.with_suffix(".new").write_text('{"secrets"')
    secret = await FileKeyring(path).signing_secret()
    assert json.loads(text_of(path)) == {"secrets": [{"secret": secret, "until": None}]}


async def test_after_a_rotation_the_old_secret_verifies_for_a_week(path: Path) -> None:
    running = FileKeyring(path)
    old = await running.signing_secret()
    assert await FileKeyring(path).rotate(NOW, keep_for=WEEK) == NOW + WEEK
    new = await running.signing_secret()
    assert new != old
    assert await running.valid_secrets(NOW) == (new, old)
    assert await running.valid_secrets(NOW + WEEK - timedelta(seconds=1)) == (new, old)
    assert await running.valid_secrets(NOW + WEEK) == (new,)
    assert mode_of(path) == 0o600


async def test_rotations_do_not_end_what_earlier_ones_keep_and_forget_what_is_over(path: Path) -> None:
    keyring = FileKeyring(path)
    first = await keyring.signing_secret()
    await keyring.rotate(NOW, keep_for=WEEK)
    second = await keyring.signing_secret()
    await keyring.rotate(NOW + timedelta(days=1), keep_for=WEEK)
    third = await keyring.signing_secret()
    assert await keyring.valid_secrets(NOW + timedelta(days=6)) == (third, second, first)
    assert await keyring.valid_secrets(NOW + timedelta(days=7)) == (third, second)
    await keyring.rotate(NOW + timedelta(days=9), keep_for=timedelta(0))
    assert first not in text_of(path)
    assert second not in text_of(path)
    assert third not in text_of(path), "kept for no time"
    assert await keyring.valid_secrets(NOW + timedelta(days=9)) == (await keyring.signing_secret(),)


async def test_rotations_at_once_lose_nothing(path: Path) -> None:
    old = await FileKeyring(path).signing_secret()
    await asyncio.gather(*(FileKeyring(path).rotate(NOW, keep_for=WEEK) for _ in range(5)))
    held = await FileKeyring(path).valid_secrets(NOW)
    assert (len(set(held)), held[-1]) == (6, old)


async def test_there_is_nothing_to_rotate_before_the_first_start(path: Path) -> None:
    with pytest.raises(BadKeyring, match=r"There are no secrets at .*url-secrets\.json"):
        await FileKeyring(path).rotate(NOW, keep_for=WEEK)
    assert not list(path.parent.glob("*.json"))


async def test_whoever_removes_the_file_ends_all_signatures(path: Path) -> None:
    keyring = FileKeyring(path)
    old = await keyring.signing_secret()
    write(path, None)
    assert await keyring.valid_secrets(NOW) == ()
    assert await keyring.signing_secret() != old


GOOD = "s" * 32


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "{}",
        '{"secrets": []}',
        '{"secrets": ["x"]}',
        '{"secrets": [{"secret": "", "until": null}]}',
        '{"secrets": [{"secret": "short", "until": null}]}',
        '{"secrets": [{"secret": 7, "until": null}]}',
        f'{{"secrets": [{{"secret": "{GOOD}", "until": "soon"}}]}}',
        f'{{"secrets": [{{"secret": "{GOOD}", "until": "2026-11-22T12:00:00"}}]}}',
        "\udcff",
    ],
)
async def test_a_file_that_can_not_be_read_opens_nothing_and_is_not_written_over(
    path: Path, text: str
) -> None:
    keyring = FileKeyring(path)
    await keyring.signing_secret()
    write(path, text)
    for each in (keyring, FileKeyring(path)):
        assert await each.valid_secrets(NOW) == ()
        with pytest.raises(BadKeyring, match="can't be read as secrets") as caught:
            await each.signing_secret()
        assert GOOD not in str(caught.value)
        assert caught.value.__cause__ is None
        with pytest.raises(BadKeyring):
            await each.rotate(NOW, keep_for=WEEK)
    assert text_of(path) == text


async def test_a_link_in_its_place_is_not_followed_by_what_is_written(path: Path, tmp_path: Path) -> None:
    aim = tmp_path / "aim"
    path.with_suffix(".new").symlink_to(aim)
    await FileKeyring(path).signing_secret()
    assert not aim.exists()


async def test_secrets_of_the_settings_verify_beside_the_file(path: Path) -> None:
    keyring = FileKeyring(path, older=("o" * 32,))
    newest = await keyring.signing_secret()
    assert await keyring.valid_secrets(NOW) == (newest, "o" * 32)


async def test_secrets_of_the_settings_are_as_they_are_given() -> None:
    keyring = FixedKeyring(("n" * 32, "o" * 32))
    assert await keyring.signing_secret() == "n" * 32
    assert await keyring.valid_secrets(NOW) == ("n" * 32, "o" * 32)
    assert "n" * 32 not in repr(keyring)
    assert "n" * 32 not in repr(KeyringSecret("n" * 32))
