from scripts.fixtures import sample_images
from tests import npm
from tests.clients.conftest import Clients


def test_relay_compiles_for_the_schema_and_uploads_pages_refetches_subscribes_and_sees_codes(
    clients: Clients,
) -> None:
    npm.CLIENTS.run(npm.CLIENTS.program("relay-compiler", "cli.js"), folder=clients.folder / "relay")
    told = clients.told("relay/run.mjs")
    ids = [image["id"] for image in told["uploads"]]
    assert {image["size"] for image in told["uploads"]} == {len(sample_images.alpha_png())}
    assert [image["album"]["imageCount"] for image in told["uploads"]] == [1, 2, 3]
    assert told["forwards"] == {"ids": ids[::-1], "more": False}
    assert told["backwards"] == {"ids": ids[::-1], "more": False}
    assert (told["renamed"], told["refetched"]) == ("Renamed", "Renamed")
    assert told["heard"] == "Heard"
    assert told["codes"] == ["VALIDATION_ERROR"]
    assert told["missing"] is None
