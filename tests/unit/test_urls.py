import pytest

from app.urls import Markup, ParsedImageUrl, UrlBuilder


def test_urls_of_images_and_the_api() -> None:
    urls = UrlBuilder("https://pics.example.org")
    assert urls.image("img_1", "jpg") == "https://pics.example.org/img/img_1.jpg"
    assert urls.image("img_1", "webp", "w=8&h=6") == "https://pics.example.org/img/img_1.webp?w=8&h=6"
    assert urls.signed_image("img_1", "webp", "w=8", exp=7, sig="x") == (
        "https://pics.example.org/img/img_1.webp?w=8&exp=7&sig=x"
    )
    assert urls.signed_image("img_1", "jpg", "", exp=7, sig="x").endswith("/img_1.jpg?exp=7&sig=x")
    assert urls.api("images/img_1") == "https://pics.example.org/v1/images/img_1"


def test_markup_is_escaped() -> None:
    markup = Markup("https://p.example/img/i.jpg", 'a "b" <script>] (x)\n[y')
    assert markup.html == (
        '<img src="https://p.example/img/i.jpg" alt="a &quot;b&quot; &lt;script&gt;] (x)\n[y">'
    )
    assert markup.markdown == '![a "b" <script>\\] (x) \\[y](https://p.example/img/i.jpg)'
    assert markup.bbcode == "[img]https://p.example/img/i.jpg[/img]"


@pytest.mark.parametrize(
    ("base", "url", "extension", "parameters", "is_here"),
    [
        ("https://p.example", "/img/img_1", "", (), True),
        ("https://p.example", "img/img_1.webp?w=8&h=&w=9", "webp", (("w", "8"), ("h", ""), ("w", "9")), True),
        (
            "https://p.example",
            "https://P.example:443/img/img_1.jpg/a/tail.html?w=8#x",
            "jpg",
            (("w", "8"),),
            True,
        ),
        ("https://p.example", "https://cdn.example/img/img_1.jpg", "jpg", (), False),
        ("https://p.example", "//cdn.example/img_1.jpg", "jpg", (), False),
        ("https://p.example", "/img_1.jpg?fm=%61uto", "jpg", (("fm", "auto"),), True),
        ("https://p.example/pics", "https://p.example/pics/img/img_1.jpg", "jpg", (), True),
        ("https://p.example/pics", "/img/img_1.jpg", "jpg", (), True),
    ],
)
def test_an_image_url_is_parsed(
    base: str, url: str, extension: str, parameters: tuple[tuple[str, str], ...], is_here: bool
) -> None:
    assert UrlBuilder(base).parse_image(url) == ParsedImageUrl("img_1", extension, parameters, is_here)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/",
        "/img/",
        "/v1/images/img_1",
        "/favicon",
        "/img/\ud800",
        "javascript:/img/img_1",
        "https://[::1/img/img_1",
        "https://p.example:port/img/img_1",
        "/img/img_1?" + "w=1&" * 101,
    ],
)
def test_another_url_is_refused_with_the_allowed_form(url: str) -> None:
    with pytest.raises(ValueError, match=r"^the URL of an image"):
        UrlBuilder("https://p.example").parse_image(url)
