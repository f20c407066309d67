"""Shell scripts with server and token, for sh and curl.

The token is in no command line, where other users of the machine could read it.
"""

from app.uploads.clients.files import FIELD
from app.uploads.clients.target import Target


def shell(target: Target) -> str:
    """Upload files and print their URLs, one per line, as Typora expects.

    https://support.typora.io/Upload-Image/
    """
    return rf"""#!/bin/sh
# Uploads pictures and prints their addresses, one a line. The file - is standard input.
failed=0
for file in "$@"; do
    quoted=$(printf %s "$file" | sed 's/[\\"]/\\&/g')
    case $file in
    -) part="{FIELD}=@-;filename=picture" ;;
    *) part="{FIELD}=@\"$quoted\"" ;;
    esac
    {_answer(target)} || {{ echo "$file was not uploaded" >&2; failed=1; continue; }}
    {_LINK}
    if [ -n "$link" ]; then
        printf '%s\n' "$link"
    else
        printf '%s was not uploaded: %s\n' "$file" "$answer" >&2
        failed=1
    fi
done
exit $failed
"""


def flameshot(target: Target) -> str:
    """Take a screenshot with Flameshot, upload it, and copy its URL to the clipboard.

    https://flameshot.org/docs/advanced/commandline-options/
    """
    return rf"""#!/bin/sh
# Takes a picture of the screen, uploads it, prints its address and puts it on the clipboard.
set -u
tell() {{
    printf '%s\n' "$1"
    if command -v notify-send >/dev/null; then notify-send PicHub "$1" || :; fi
}}
copy() {{
    if [ -n "${{WAYLAND_DISPLAY:-}}" ] && command -v wl-copy >/dev/null; then wl-copy
    elif command -v xclip >/dev/null; then xclip -selection clipboard >/dev/null 2>&1
    elif command -v pbcopy >/dev/null; then pbcopy
    fi
}}
picture=$(mktemp) || exit 1
trap 'rm -f "$picture"' EXIT
flameshot gui --raw >"$picture"
[ -s "$picture" ] || exit 0 # nothing was chosen
part="{FIELD}=@\"$picture\";filename=screenshot.png"
{_answer(target)} || {{ tell "The picture was not uploaded" >&2; exit 1; }}
{_LINK}
[ -n "$link" ] || {{ tell "The picture was not uploaded: $answer" >&2; exit 1; }}
printf %s "$link" | copy
tell "$link"
"""


_LINK = r"""link=$(printf '%s\n' "$answer" | grep -o '"url":"[^"]*"' | head -n 1 | cut -d '"' -f 4)"""


def _answer(target: Target) -> str:
    return f"""answer=$(curl --silent --show-error --config /dev/fd/3 --form "$part" 3<<'END'
url = {_quoted(target.url)}
header = {_quoted(f"Authorization: {target.authorization}")}
END
)"""


def _quoted(text: str) -> str:
    """Quote as in curl's configuration."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
