from scripts.fixtures import sample_images
from tests.clients.conftest import Clients


def test_urql(clients: Clients) -> None:
    result = clients.run("urql.js")
    older, newer = [image["id"] for image in result["uploads"]]
    assert {image["size"] for image in result["uploads"]} == {len(sample_images.alpha_png())}
    assert result["forwards"] == [newer, older]
    assert result["backwards"] == result["byGet"] == newer
    assert result["heard"] == "Heard"
    assert result["codes"] == ["VALIDATION_ERROR", "BAD_REQUEST"]
