from scripts.fixtures import sample_images
from tests.clients.conftest import Clients


def test_apollo_client_uploads_pages_subscribes_and_sees_codes(clients: Clients) -> None:
    told = clients.told("apollo.js")
    ids = [image["id"] for image in told["uploads"]]
    assert {(image["filename"], image["size"]) for image in told["uploads"]} == {
        ("picture.png", len(sample_images.alpha_png()))
    }
    assert told["first"] == 2
    assert told["merged"][:3] == ids[::-1]
    assert told["more"] is False
    assert told["heard"] == ["Heard", "Heard"]
    assert told["codes"] == ["VALIDATION_ERROR", "BAD_REQUEST"]
