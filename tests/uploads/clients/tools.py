"""Tools that upload, as their documentation says they read their files, build requests and read answers."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests

Read = Callable[[Path, Path], str]
"""What a tool shows of uploading a picture with a file: an address, or what went wrong."""


def sharex(file: Path, picture: Path) -> str:
    """https://getsharex.com/docs/custom-uploader"""
    item = json.loads(file.read_text())
    assert tuple(map(int, item["Version"].split("."))) > (13, 7, 1), "before that, the syntax was another"
    assert (item["DestinationType"], item["Body"]) == ("ImageUploader", "MultipartFormData")
    answer = requests.request(
        item["RequestMethod"],
        item["RequestURL"],
        headers=item["Headers"],
        data=item.get("Arguments", {}),
        files={item["FileFormName"]: (picture.name, picture.read_bytes(), "image/png")},
        timeout=20,
    )
    if not answer.ok:
        return filled(item["ErrorMessage"], answer.json())
    assert requests.get(filled(item["ThumbnailURL"], answer.json()), timeout=20).ok
    return filled(item["URL"], answer.json())


def filled(text: str, answer: Any) -> str:
    """The text with what it takes out of the answer."""
    return re.sub(r"\{json:([\w.]+)\}", lambda match: str(at(answer, match[1].split("."))), text)


def picgo(file: Path, picture: Path) -> str:
    """https://github.com/yuki-xin/picgo-plugin-web-uploader"""
    settings = current(file, "web-uploader")
    answer = posted(settings["url"], settings["paramName"], json.loads(settings["customHeader"]), picture)
    return str(at(answer, settings["jsonPath"].split(".")))


def piclist(file: Path, picture: Path) -> str:
    """https://github.com/Kuingsmile/PicList-Core/blob/dev/src/plugins/uploader/advancedplist.ts"""
    settings = current(file, "advancedplist")
    assert (settings["method"], json.loads(settings["body"])) == ("POST", {})
    headers = json.loads(settings["headers"])
    answer = posted(settings["endpoint"], settings["formDataKey"], headers, picture)
    url = at(answer, settings["resDataPath"].split("."))
    assert settings["customPrefix"] == settings["webPath"] == ""
    return str(url or answer["message"])


def current(file: Path, name: str) -> dict[str, str]:
    """The settings of the image host that is chosen."""
    beds = json.loads(file.read_text())["picBed"]
    assert beds["uploader"] == beds["current"] == name
    settings: dict[str, str] = beds[name]
    return settings


def upic(file: Path, picture: Path) -> str:
    """https://blog.svend.cc/upic/tutorials/custom/en/"""
    host = json.loads(file.read_text())
    headers = {each["key"]: each["value"] for each in host["headers"]}
    assert headers.pop("Content-Type") == "multipart/form-data", "the form's own takes its place"
    assert (host["method"], host["bodys"], host["domain"]) == ("POST", [], "")
    return str(at(posted(host["url"], host["field"], headers, picture), json.loads(host["resultPath"])))


def upgit(file: Path, picture: Path) -> str:
    """https://github.com/pluveto/upgit: an uploader with a recipe inside."""
    config = tomllib.loads(file.read_text())
    profile = config["uploaders"][config["default"]]
    request, wanted = profile["recipe"]["request"], profile["recipe"]["response"]["url"]
    assert (profile["type"], request["method"], wanted["from"]) == ("http", "POST", "json")
    ((field, part),) = request["body"].items()
    assert part == {"type": "file"}
    return str(at(posted(request["url"], field, request["headers"], picture), wanted["path"].split(".")))


def posted(url: str, field: str, headers: Mapping[str, str], picture: Path) -> Any:
    files = {field: (picture.name, picture.read_bytes(), "image/png")}
    return requests.post(url, headers=headers, files=files, timeout=20).json()


def at(value: Any, path: list[Any]) -> Any:
    """What lies at a path; None where nothing does."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


TOOLS: Mapping[str, Read] = {
    "sharex": sharex,
    "picgo": picgo,
    "piclist": piclist,
    "upic": upic,
    "upgit": upgit,
}
