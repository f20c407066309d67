from app.links import Links, Markup


def test_an_address_is_spelled_in_one_way() -> None:
    links = Links("https://pics.example.org")
    assert links.image("img_1", "jpg") == "https://pics.example.org/img/img_1.jpg"
    assert links.image("img_1", "webp", "w=8&h=6") == "https://pics.example.org/img/img_1.webp?w=8&h=6"
    assert links.signed_image("img_1", "webp", "w=8", exp=7, sig="x") == (
        "https://pics.example.org/img/img_1.webp?w=8&exp=7&sig=x"
    )
    assert links.signed_image("img_1", "jpg", "", exp=7, sig="x").endswith("/img_1.jpg?exp=7&sig=x")
    assert links.api("images/img_1") == "https://pics.example.org/v1/images/img_1"


def test_markup_can_not_be_broken_out_of() -> None:
    markup = Markup("https://p.example/img/i.jpg", 'a "b" <script>] (x)\n[y')
    assert markup.html == (
        '<img src="https://p.example/img/i.jpg" alt="a &quot;b&quot; &lt;script&gt;] (x)\n[y">'
    )
    assert markup.markdown == '![a "b" <script>\\] (x) \\[y](https://p.example/img/i.jpg)'
    assert markup.bbcode == "[img]https://p.example/img/i.jpg[/img]"
