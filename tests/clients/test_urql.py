from scripts.fixtures import sample_images
from tests.clients.conftest import Clients


def test_urql_uploads_pages_both_ways_subscribes_and_sees_codes(clients: Clients) -> None:
    told = clients.told("urql.js")
    older, newer = [image["id"] for image in told["uploads"]]
    assert {image["size"] for image in told["uploads"]} == {len(sample_images.alpha_png())}
    assert told["forwards"] == [newer, older]
    assert told["backwards"] == told["byGet"] == newer
    assert told["heard"] == "Heard"
    assert told["codes"] == ["VALIDATION_ERROR", "BAD_REQUEST"]
