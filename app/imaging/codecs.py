"""What the Pillow that is installed can read and write. It loads Pillow: not for the server."""

NEEDED = {"jpg": "JPEG", "zlib": "PNG", "webp": "WebP", "avif": "AVIF"}


def missing() -> list[str]:
    """The formats that we deliver and it does not know."""
    from PIL import features

    return [name for feature, name in NEEDED.items() if not features.check(feature)]
