from scripts.fixtures import sample_images
from tests.clients.conftest import Clients


def test_apollo_client(clients: Clients) -> None:
    result = clients.run("apollo.js")
    ids = [image["id"] for image in result["uploads"]]
    assert {(image["filename"], image["size"]) for image in result["uploads"]} == {
        ("picture.png", len(sample_images.alpha_png()))
    }
    assert result["first"] == 2
    assert result["merged"][:3] == ids[::-1]
    assert result["more"] is False
    assert result["heard"] == ["Heard", "Heard"]
    assert result["codes"] == ["VALIDATION_ERROR", "BAD_REQUEST"]
