from scripts.fixtures import sample_images
from tests import npm
from tests.clients.conftest import Clients


def test_relay_compiler_and_runtime(
    clients: Clients,
) -> None:
    npm.CLIENTS.run(npm.CLIENTS.program("relay-compiler", "cli.js"), folder=clients.folder / "relay")
    result = clients.run("relay/run.mjs")
    ids = [image["id"] for image in result["uploads"]]
    assert {image["size"] for image in result["uploads"]} == {len(sample_images.alpha_png())}
    assert [image["album"]["imageCount"] for image in result["uploads"]] == [1, 2, 3]
    assert result["forwards"] == {"ids": ids[::-1], "more": False}
    assert result["backwards"] == {"ids": ids[::-1], "more": False}
    assert (result["renamed"], result["refetched"]) == ("Renamed", "Renamed")
    assert result["heard"] == "Heard"
    assert result["codes"] == ["VALIDATION_ERROR"]
    assert result["missing"] is None
