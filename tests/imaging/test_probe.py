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
        path = tmp_path / "image"
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
def test_format_size_frames_and_transparency_are_determined(probe, make, expected):
    found = probe(make())
    assert (found.format, found.width, found.height, found.frames, found.has_alpha) == expected
    assert 5 <= len(base64.b64decode(found.thumbhash)) <= 25


@pytest.mark.parametrize("plugin", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_sizes_and_thumbhashes_are_those_of_the_upright_image(probe, orientation, plugin):
    found, upright = (
        probe(sample_images.oriented(orientation, plugin)),
        probe(sample_images.oriented(1, plugin)),
    )
    assert (found.width, found.height) == (120, 80)
    assert base64.b64decode(found.thumbhash)[:5] == base64.b64decode(upright.thumbhash)[:5]


def test_the_thumbhash_equals_the_reference(probe):
    """The expected value is from the JavaScript reference implementation and the same 30 × 20 pixels."""
    assert probe(sample_images.png(30, 20)).thumbhash == "4PcFFYQ2iYV0CVa3p0iIiM2ZQGP7"


def test_the_dominant_colour_is_the_most_frequent_of_visible_pixels(probe):
    assert probe(sample_images.transparent_animated_gif()).dominant_color == "#e61414"
    assert probe(sample_images.deep_colour_png()).dominant_color == "#ff8020"
    assert probe(sample_images.swapped_profile_png()).dominant_color == "#00ff00"


def test_the_dominant_colour_of_a_transparent_image_is_white(probe):
    blank = sample_images.saved(sample_images.Image.new("RGBA", (9, 9)), "PNG")
    assert probe(blank).dominant_color == "#ffffff"


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (7, 9)])
@pytest.mark.parametrize("make", [sample_images.jpeg, sample_images.png, sample_images.webp])
def test_small_and_thin_images_are_identified(probe, make, size):
    found = probe(make(*size))
    assert (found.width, found.height) == size


@pytest.mark.parametrize(
    ("data", "media_type"),
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
def test_an_unsupported_file_is_refused_with_its_media_type(probe, data, media_type):
    with pytest.raises(UnsupportedFormat, match=media_type):
        probe(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (sample_images.png_bomb(), "50000 × 50000; neither side may exceed 16384"),
        (sample_images.png_bomb(16_000, 16_000), "16000 × 16000 = 256.0 megapixels; at most 50 are allowed"),
        (sample_images.webp_bomb(), "16384 × 16384 = 268.4 megapixels; at most 50 are allowed"),
        (sample_images.gif_bomb(), "more than 2000 frames"),
        (sample_images.growing_gif_bomb(), "60000 × 60000; neither side"),
    ],
)
def test_a_decompression_bomb_is_refused_without_decoding(probe, data, message):
    started = time.thread_time()
    with pytest.raises(TooManyPixels, match=message):
        probe(data)
    assert time.thread_time() - started < 1


def test_pixels_of_all_frames_count(probe):
    limits = ImageLimits(max_pixels=96 * 64 * 3, max_dimension=1000)
    assert probe(sample_images.transparent_animated_gif(), limits).frames == 3
    for animation in (sample_images.animated_gif(), sample_images.animated_webp()):
        with pytest.raises(TooManyPixels, match=r"96 × 64 × 4 = 0\.0 megapixels"):
            probe(animation, limits)


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
def test_a_truncated_file_is_corrupt(probe, make, share):
    with pytest.raises(CorruptImage):
        probe(sample_images.cut(make(), share))


def test_a_progressive_jpeg_is_decoded_to_its_end(probe):
    data = sample_images.jpeg(320, 240, 90, True)
    assert probe(data).width == 320
    with pytest.raises(CorruptImage):
        probe(sample_images.cut(data, 0.9))


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
def test_a_damaged_file_is_decoded_or_raises_a_domain_error(probe, make, tmp_path):
    """Decoders raise nearly any exception; none may reach the caller."""
    data, random = bytearray(make(48, 32)), sample_images.random.Random(7)
    for _ in range(150):
        damaged = data.copy()
        for _ in range(random.randint(1, 12)):
            damaged[random.randrange(8, len(damaged))] = random.randrange(256)
        with suppress(CorruptImage, TooManyPixels, UnsupportedFormat):
            found = probe(bytes(damaged), ImageLimits(max_pixels=1_000_000, max_dimension=4000))
            recipe = Transform(width=20, format=Format.GIF).resolve(found.source)
            render(tmp_path / "image", recipe, tmp_path / "result")


@pytest.mark.parametrize(
    "chunks",
    [{}, {"PLTE": bytes(6), "tRNS": bytes(300)}],
    ids=["no palette", "more transparency than palette"],
)
def test_a_missing_or_short_palette_is_corrupt(probe, chunks):
    """Pillow decodes these files, and fails when it converts their colours."""
    with pytest.raises(CorruptImage):
        probe(fuzzed_images.png(8, 8, 3, bytes(72), **chunks))


def test_a_missing_file_raises_file_not_found(tmp_path):
    with pytest.raises(FileNotFoundError):
        identify(tmp_path / "missing", LIMITS)
