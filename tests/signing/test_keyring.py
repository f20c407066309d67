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


def write(path: Path, text: str) -> None:
    path.write_text(text, errors="surrogateescape")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "url-secrets.json"


async def test_the_secret_is_created_once_readable_by_its_owner_only(path: Path) -> None:
    keyring = FileKeyring(path)
    assert await keyring.valid_secrets(NOW) == ()
    secret = await keyring.signing_secret()
    assert len(secret) >= 43
    assert await FileKeyring(path).signing_secret() == secret
    assert await keyring.valid_secrets(NOW) == (secret,)
    assert mode_of(path) == 0o600
    assert {file.name for file in path.parent.iterdir()} == {"url-secrets.json", "url-secrets.lock"}


async def test_concurrent_tasks_create_one_secret(path: Path) -> None:
    created = await asyncio.gather(*(FileKeyring(path).signing_secret() for _ in range(8)))
    assert set(created) == set(await FileKeyring(path).valid_secrets(NOW))


def test_concurrent_processes_create_one_secret(path: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
from app.signing.keyring import FileKeyring
sys.stdin.read()
print(asyncio.run(FileKeyring(Path({str(path)!r})).signing_secret()))
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
    created = {process.communicate(timeout=30)[0].strip() for process in processes}
    assert created == set(asyncio.run(FileKeyring(path).valid_secrets(NOW)))


async def test_a_partial_file_left_by_a_crash_is_ignored(path: Path) -> None:
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


async def test_rotations_keep_valid_secrets_and_delete_expired_ones(path: Path) -> None:
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
    assert third not in text_of(path), "keep_for is zero"
    assert await keyring.valid_secrets(NOW + timedelta(days=9)) == (await keyring.signing_secret(),)


async def test_concurrent_rotations_lose_no_secret(path: Path) -> None:
    old = await FileKeyring(path).signing_secret()
    await asyncio.gather(*(FileKeyring(path).rotate(NOW, keep_for=WEEK) for _ in range(5)))
    valid = await FileKeyring(path).valid_secrets(NOW)
    assert (len(set(valid)), valid[-1]) == (6, old)


async def test_rotation_needs_a_secret(path: Path) -> None:
    with pytest.raises(BadKeyring, match=r"There are no secrets at .*url-secrets\.json"):
        await FileKeyring(path).rotate(NOW, keep_for=WEEK)
    assert not list(path.parent.glob("*.json"))


async def test_deleting_the_file_invalidates_all_signatures(path: Path) -> None:
    keyring = FileKeyring(path)
    old = await keyring.signing_secret()
    path.unlink()  # noqa: ASYNC240  (blocking is fine in a test)
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
async def test_an_unreadable_file_is_invalid_and_not_overwritten(path: Path, text: str) -> None:
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


async def test_a_symlink_in_place_of_the_new_file_is_not_followed(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    path.with_suffix(".new").symlink_to(target)
    await FileKeyring(path).signing_secret()
    assert not target.exists()


async def test_secrets_from_the_settings_verify_besides_the_file(path: Path) -> None:
    keyring = FileKeyring(path, older=("o" * 32,))
    newest = await keyring.signing_secret()
    assert await keyring.valid_secrets(NOW) == (newest, "o" * 32)


async def test_fixed_secrets_are_used_as_given_and_not_shown() -> None:
    keyring = FixedKeyring(("n" * 32, "o" * 32))
    assert await keyring.signing_secret() == "n" * 32
    assert await keyring.valid_secrets(NOW) == ("n" * 32, "o" * 32)
    assert "n" * 32 not in repr(keyring)
    assert "n" * 32 not in repr(KeyringSecret("n" * 32))
