import base64
import time
from contextlib import suppress

import pytest

from app.errors import CorruptImage, TooManyPixels, UnsupportedFormat
from app.imaging.formats import Format
from app.imaging.limits import ImageLimits
from app.imaging.probe import Probe, identify
from app.imaging.render import render
from app.imaging.transform import Transform
from scripts.fixtures import sample_images
from scripts.stress_tests import fuzzed_images

LIMITS = ImageLimits(max_pixels=50_000_000, max_dimension=16_384)


@pytest.fixture
def probe(tmp_path):
    def probe(data: bytes, limits: ImageLimits = LIMITS) -> Probe:
        path = tmp_path / "picture"
        path.write_bytes(data)
        return identify(path, limits)

    return probe


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (sample_images.jpeg, (Format.JPG, 640, 480, 1, False)),
        (sample_images.png, (Format.PNG, 320, 240, 1, False)),
        (sample_images.webp, (Format.WEBP, 320, 240, 1, False)),
        (sample_images.still_gif, (Format.GIF, 120, 80, 1, False)),
        (sample_images.animated_gif, (Format.GIF, 96, 64, 4, False)),
        (sample_images.transparent_animated_gif, (Format.GIF, 96, 64, 3, True)),
        (sample_images.animated_webp, (Format.WEBP, 96, 64, 4, False)),
        (sample_images.alpha_png, (Format.PNG, 160, 120, 1, True)),
        (sample_images.alpha_webp, (Format.WEBP, 160, 120, 1, True)),
        (sample_images.opaque_rgba_png, (Format.PNG, 80, 60, 1, False)),
        (sample_images.palette_png, (Format.PNG, 120, 80, 1, False)),
        (sample_images.transparent_palette_png, (Format.PNG, 120, 80, 1, True)),
        (sample_images.grey_png, (Format.PNG, 120, 80, 1, False)),
        (sample_images.grey_jpeg, (Format.JPG, 120, 80, 1, False)),
        (sample_images.bilevel_png, (Format.PNG, 120, 80, 1, False)),
        (sample_images.deep_grey_png, (Format.PNG, 256, 16, 1, False)),
        (sample_images.deep_colour_png, (Format.PNG, 64, 16, 1, False)),
        (sample_images.cmyk_jpeg, (Format.JPG, 120, 80, 1, False)),
        (sample_images.mpo, (Format.JPG, 120, 80, 1, False)),
        (sample_images.apng, (Format.PNG, 96, 64, 1, False)),
        (sample_images.broken_profile_jpeg, (Format.JPG, 64, 48, 1, False)),
        (sample_images.jpeg_with_everything, (Format.JPG, 64, 48, 1, False)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_picture_is_measured(probe, make, expected):
    found = probe(make())
    assert (found.format, found.width, found.height, found.frames, found.has_alpha) == expected
    assert 5 <= len(base64.b64decode(found.thumbhash)) <= 25


@pytest.mark.parametrize("plugin", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_sizes_and_placeholders_are_those_of_the_upright_picture(probe, orientation, plugin):
    found, upright = (
        probe(sample_images.oriented(orientation, plugin)),
        probe(sample_images.oriented(1, plugin)),
    )
    assert (found.width, found.height) == (120, 80)
    assert base64.b64decode(found.thumbhash)[:5] == base64.b64decode(upright.thumbhash)[:5]


def test_the_thumbhash_is_that_of_the_reference(probe):
    """Made by the JavaScript library of thumbhash's author from the same 30 × 20 pixels."""
    assert probe(sample_images.png(30, 20)).thumbhash == "4PcFFYQ2iYV0CVa3p0iIiM2ZQGP7"


def test_the_dominant_colour_is_that_of_most_pixels_that_are_seen(probe):
    assert probe(sample_images.transparent_animated_gif()).dominant_color == "#e61414"
    assert probe(sample_images.deep_colour_png()).dominant_color == "#ff8020"
    assert probe(sample_images.swapped_profile_png()).dominant_color == "#00ff00"


def test_a_picture_of_nothing_is_white(probe):
    blank = sample_images.saved(sample_images.Image.new("RGBA", (9, 9)), "PNG")
    assert probe(blank).dominant_color == "#ffffff"


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (7, 9)])
@pytest.mark.parametrize("make", [sample_images.jpeg, sample_images.png, sample_images.webp])
def test_small_and_thin_pictures_are_pictures(probe, make, size):
    found = probe(make(*size))
    assert (found.width, found.height) == size


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (sample_images.svg(), "image/svg\\+xml"),
        (b"  <!-- hi --><svg/>", "image/svg\\+xml"),
        (b"<!DOCTYPE html><html>", "text/html"),
        (sample_images.avif(), "image/avif"),
        (sample_images.bmp(), "image/bmp"),
        (sample_images.tiff(), "image/tiff"),
        (b"%PDF-1.7", "application/pdf"),
        (sample_images.text(), "text/plain"),
        (b"", "an empty file"),
        (b"\x00\xfe\xfd\xfc", "none of these"),
        (b"\xff\xd8", "none of these"),
    ],
)
def test_what_is_no_picture_is_named(probe, data, name):
    with pytest.raises(UnsupportedFormat, match=name):
        probe(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (sample_images.png_bomb(), "50000 × 50000; neither side may pass 16384"),
        (sample_images.png_bomb(16_000, 16_000), "It is 16000 × 16000 = 256.0 megapixels; 50 are allowed"),
        (sample_images.webp_bomb(), "It is 16384 × 16384 = 268.4 megapixels; 50 are allowed"),
        (sample_images.gif_bomb(), "more than 2000 frames"),
        (sample_images.growing_gif_bomb(), "60000 × 60000; neither side"),
    ],
)
def test_a_bomb_is_refused_before_a_pixel_is_decoded(probe, data, reason):
    started = time.thread_time()
    with pytest.raises(TooManyPixels, match=reason):
        probe(data)
    assert time.thread_time() - started < 1


def test_all_frames_of_an_animation_count(probe):
    limits = ImageLimits(max_pixels=96 * 64 * 3, max_dimension=1000)
    assert probe(sample_images.transparent_animated_gif(), limits).frames == 3
    for film in (sample_images.animated_gif(), sample_images.animated_webp()):
        with pytest.raises(TooManyPixels, match="96 × 64 × 4 frames"):
            probe(film, limits)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize(
    "make",
    [
        sample_images.jpeg,
        sample_images.png,
        sample_images.webp,
        sample_images.still_gif,
        sample_images.animated_gif,
        sample_images.animated_webp,
        sample_images.alpha_png,
    ],
)
def test_a_file_that_is_cut_off_is_corrupt(probe, make, share):
    with pytest.raises(CorruptImage):
        probe(sample_images.cut(make(), share))


def test_a_progressive_jpeg_is_read_to_its_end(probe):
    whole = sample_images.jpeg(320, 240, 90, True)
    assert probe(whole).width == 320
    with pytest.raises(CorruptImage):
        probe(sample_images.cut(whole, 0.9))


@pytest.mark.parametrize(
    "make",
    [
        sample_images.jpeg,
        sample_images.png,
        sample_images.webp,
        sample_images.animated_gif,
        sample_images.animated_webp,
    ],
)
def test_bytes_that_are_not_as_written_are_a_picture_or_one_of_our_errors(probe, make, tmp_path):
    """Decoders raise nearly everything; none of it may come through."""
    whole, chance = bytearray(make(48, 32)), sample_images.random.Random(7)
    for _ in range(150):
        broken = whole.copy()
        for _ in range(chance.randint(1, 12)):
            broken[chance.randrange(8, len(broken))] = chance.randrange(256)
        with suppress(CorruptImage, TooManyPixels, UnsupportedFormat):
            found = probe(bytes(broken), ImageLimits(max_pixels=1_000_000, max_dimension=4000))
            recipe = Transform(width=20, format=Format.GIF).resolve(found.source)
            render(tmp_path / "picture", recipe, tmp_path / "result")


@pytest.mark.parametrize(
    "chunks",
    [{}, {"PLTE": bytes(6), "tRNS": bytes(300)}],
    ids=["no palette", "more transparency than palette"],
)
def test_a_palette_that_does_not_cover_its_pixels_is_corrupt(probe, chunks):
    """Pillow decodes these, and fails when their colours are asked for."""
    with pytest.raises(CorruptImage):
        probe(fuzzed_images.png(8, 8, 3, bytes(72), **chunks))


def test_a_file_that_is_not_there_is_not_a_corrupt_picture(tmp_path):
    with pytest.raises(FileNotFoundError):
        identify(tmp_path / "nothing", LIMITS)
