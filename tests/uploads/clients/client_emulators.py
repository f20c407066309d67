"""Emulated upload clients: they read their configuration, send requests and parse responses as documented."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests

Emulator = Callable[[Path, Path], str]
"""Upload an image (second path) with a configuration file (first path). Returns the URL or the error that the client
displays."""


def sharex(file: Path, image: Path) -> str:
    """https://getsharex.com/docs/custom-uploader"""
    item = json.loads(file.read_text())
    assert tuple(map(int, item["Version"].split("."))) > (13, 7, 1), "older versions have another syntax"
    assert (item["DestinationType"], item["Body"]) == ("ImageUploader", "MultipartFormData")
    response = requests.request(
        item["RequestMethod"],
        item["RequestURL"],
        headers=item["Headers"],
        data=item.get("Arguments", {}),
        files={item["FileFormName"]: (image.name, image.read_bytes(), "image/png")},
        timeout=20,
    )
    if not response.ok:
        return fill_template(item["ErrorMessage"], response.json())
    assert requests.get(fill_template(item["ThumbnailURL"], response.json()), timeout=20).ok
    return fill_template(item["URL"], response.json())


def fill_template(text: str, response: Any) -> str:
    """Replace `{json:path}` by values of the response."""
    return re.sub(r"\{json:([\w.]+)\}", lambda match: str(value_at(response, match[1].split("."))), text)


def picgo(file: Path, image: Path) -> str:
    """https://github.com/yuki-xin/picgo-plugin-web-uploader"""
    settings = current_settings(file, "web-uploader")
    response = post_form(settings["url"], settings["paramName"], json.loads(settings["customHeader"]), image)
    return str(value_at(response, settings["jsonPath"].split(".")))


def piclist(file: Path, image: Path) -> str:
    """https://github.com/Kuingsmile/PicList-Core/blob/dev/src/plugins/uploader/advancedplist.ts"""
    settings = current_settings(file, "advancedplist")
    assert (settings["method"], json.loads(settings["body"])) == ("POST", {})
    headers = json.loads(settings["headers"])
    response = post_form(settings["endpoint"], settings["formDataKey"], headers, image)
    url = value_at(response, settings["resDataPath"].split("."))
    assert settings["customPrefix"] == settings["webPath"] == ""
    return str(url or response["message"])


def current_settings(file: Path, name: str) -> dict[str, str]:
    """Return the settings of the selected image host."""
    hosts = json.loads(file.read_text())["picBed"]
    assert hosts["uploader"] == hosts["current"] == name
    settings: dict[str, str] = hosts[name]
    return settings


def upic(file: Path, image: Path) -> str:
    """https://blog.svend.cc/upic/tutorials/custom/en/"""
    host = json.loads(file.read_text())
    headers = {each["key"]: each["value"] for each in host["headers"]}
    assert headers.pop("Content-Type") == "multipart/form-data", "replaced by the form's, with its boundary"
    assert (host["method"], host["bodys"], host["domain"]) == ("POST", [], "")
    return str(
        value_at(post_form(host["url"], host["field"], headers, image), json.loads(host["resultPath"]))
    )


def upgit(file: Path, image: Path) -> str:
    """https://github.com/pluveto/upgit: an uploader with a recipe."""
    config = tomllib.loads(file.read_text())
    profile = config["uploaders"][config["default"]]
    request, url_source = profile["recipe"]["request"], profile["recipe"]["response"]["url"]
    assert (profile["type"], request["method"], url_source["from"]) == ("http", "POST", "json")
    ((field, part),) = request["body"].items()
    assert part == {"type": "file"}
    return str(
        value_at(post_form(request["url"], field, request["headers"], image), url_source["path"].split("."))
    )


def post_form(url: str, field: str, headers: Mapping[str, str], image: Path) -> Any:
    files = {field: (image.name, image.read_bytes(), "image/png")}
    return requests.post(url, headers=headers, files=files, timeout=20).json()


def value_at(value: Any, path: list[Any]) -> Any:
    """Return the value at a path of keys; None if it is missing."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


EMULATORS: Mapping[str, Emulator] = {
    "sharex": sharex,
    "picgo": picgo,
    "piclist": piclist,
    "upic": upic,
    "upgit": upgit,
}
