"""Configuration files with server and token. The linked pages document their formats."""

import json
from typing import Any

from app.uploads.clients.target import Target

FIELD = "image"
URL_PATH = "data.url"


def sharex(target: Target) -> str:
    """https://getsharex.com/docs/custom-uploader

    Without DeletionURL: ShareX opens it in a browser, and deleting needs the method DELETE.
    """
    return _json(
        {
            "Version": "14.0.0",  # the first version with the syntax {json:…}
            "Name": f"PicHub ({target.host})",
            "DestinationType": "ImageUploader",
            "RequestMethod": "POST",
            "RequestURL": target.url,
            "Headers": {"Authorization": target.authorization},
            "Body": "MultipartFormData",
            "FileFormName": FIELD,
            "URL": f"{{json:{URL_PATH}}}",
            "ThumbnailURL": "{json:data.thumbnail_url}",
            "ErrorMessage": "{json:error.details}",
        }
    )


def picgo(target: Target) -> str:
    """https://github.com/yuki-xin/picgo-plugin-web-uploader and https://picgo.github.io/PicGo-Core-
    Doc/guide/config.html
    """
    settings = {
        "url": target.url,
        "paramName": FIELD,
        "jsonPath": URL_PATH,
        "customHeader": json.dumps({"Authorization": target.authorization}),
        "customBody": "",
    }
    return _json(_pic_bed("web-uploader", settings) | {"picgoPlugins": {"picgo-plugin-web-uploader": True}})


def piclist(target: Target) -> str:
    """https://github.com/Kuingsmile/PicList-Core/blob/dev/src/plugins/uploader/advancedplist.ts"""
    settings = {
        "endpoint": target.url,
        "method": "POST",
        "formDataKey": FIELD,
        "headers": json.dumps({"Authorization": target.authorization}),
        "body": "{}",
        "customPrefix": "",
        "webPath": "",
        "resDataPath": URL_PATH,
    }
    return _json(_pic_bed("advancedplist", settings) | {"picgoPlugins": {}})


def upic(target: Target) -> str:
    """https://blog.svend.cc/upic/tutorials/custom/en/; versions below 1 need the Content-Type, others override it."""
    return _json(
        {
            "url": target.url,
            "method": "POST",
            "field": FIELD,
            "headers": [
                {"key": "Authorization", "value": target.authorization},
                {"key": "Content-Type", "value": "multipart/form-data"},
            ],
            "bodys": [],
            "resultPath": json.dumps(URL_PATH.split(".")),
            "domain": "",
        }
    )


def upgit(target: Target) -> str:
    """https://github.com/pluveto/upgit, version 0.3 and later: a custom uploader."""
    return f"""default = "pichub"
size_limit = 0

[uploaders.pichub]
type = "http"

[uploaders.pichub.recipe.meta]
id = "pichub"

[uploaders.pichub.recipe.request]
method = "POST"
url = {_quoted(target.url)}

[uploaders.pichub.recipe.request.headers]
Authorization = {_quoted(target.authorization)}

[uploaders.pichub.recipe.request.body]
{FIELD} = {{ type = "file" }}

[uploaders.pichub.recipe.response]
url = {{ from = "json", path = "{URL_PATH}" }}
"""


def pichub(target: Target) -> str:
    """Read by `pichub upload`."""
    return f"server = {_quoted(target.server)}\ntoken = {_quoted(target.token)}\n"


def _pic_bed(name: str, settings: dict[str, str]) -> dict[str, Any]:
    return {"picBed": {"uploader": name, "current": name, name: settings}}


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2) + "\n"


def _quoted(text: str) -> str:
    """Quote as in TOML."""
    return json.dumps(text)
