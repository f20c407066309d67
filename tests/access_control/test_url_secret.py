"""The secret that signs addresses, given by the settings."""

from pathlib import Path

import pytest

from app.signing.keyring import FixedKeyring
from app.signing.signature import Signature
from tests.contract.test_signed import private_in
from tests.pichub import house

NEW, OLD = "n" * 32, "o" * 32


async def test_secrets_may_come_from_the_settings(tmp_path: Path) -> None:
    async with house(tmp_path, url_secret=NEW, url_secret_old=OLD) as home:
        private = await private_in(home)
        assert home.services.images.keyring == FixedKeyring((NEW, OLD)), "nothing of a folder"
        exp = private.now + 60
        for secret, status in ((NEW, 200), (OLD, 200), ("x" * 32, 404), ("", 404)):
            sig = Signature.make(private.id, "", exp=exp, secret=secret).sig
            assert (await private.get(f"exp={exp}&sig={sig}")).status_code == status


async def test_who_goes_over_to_the_secret_of_the_folder_may_keep_the_old_one(tmp_path: Path) -> None:
    async with house(tmp_path, url_secret_old=OLD) as home:
        private = await private_in(home)
        sig = Signature.make(private.id, "", exp=private.now + 60, secret=OLD).sig
        assert (await private.get(f"exp={private.now + 60}&sig={sig}")).status_code == 200
        assert (await private.get(await private.sign())).status_code == 200


async def test_no_secret_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        async with house(tmp_path, url_secret=NEW, log_level="debug") as home:
            private = await private_in(home)
            for query in (await private.sign(), await private.sign(seconds=-1), "exp=1&sig=x"):
                await private.get(query)
            assert NEW not in repr(home.services)
    assert caplog.records
    assert NEW not in caplog.text
