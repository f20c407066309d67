import pytest

from app.imaging.formats import Format, negotiate

CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


def test_jpeg_is_an_alias_of_jpg_in_any_case():
    assert Format.parse("JPEG") is Format.parse("jpg") is Format.JPG


@pytest.mark.parametrize("text", ["", "svg", "jpg ", "image/png", "ｊｐｇ"])
def test_an_unknown_format_is_refused_with_the_allowed_ones(text):
    with pytest.raises(ValueError, match="one of jpg, png, webp, gif, avif"):
        Format.parse(text)


def test_media_types_are_the_registered_ones():
    assert [f.mime_type for f in Format] == [
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/gif",
        "image/avif",
    ]


@pytest.mark.parametrize(
    ("accept", "animated", "expected"),
    [
        (CHROME, False, Format.AVIF),
        (CHROME, True, Format.WEBP),
        ("image/webp,*/*", False, Format.WEBP),
        ("IMAGE/AVIF", False, Format.AVIF),
        ("image/avif;q=0, image/webp;q=0.5", False, Format.WEBP),
        ("image/avif; q=0.000", False, Format.PNG),
        ("image/webp;q=0.001", False, Format.WEBP),
        ("*/*", False, Format.PNG),
        ("", False, Format.PNG),
        (";;,,=q;", False, Format.PNG),
    ],
)
def test_auto_selects_the_newest_format_in_the_accept_header(accept, animated, expected):
    assert negotiate(accept, Format.PNG, animated=animated) is expected
