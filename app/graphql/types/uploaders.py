from typing import Self

import strawberry

from app.uploads.clients import catalogue


@strawberry.type(description="Instructions for a configuration file, one sentence per step.")
class UploaderSteps:
    en: list[str] = strawberry.field(description="The instructions in English.")
    zh: list[str] = strawberry.field(description="The instructions in Chinese.")


@strawberry.type(description="A configuration file for an upload tool. It contains the token.")
class Uploader:
    name: str = strawberry.field(
        description="The tool, as in `GET /v1/uploaders/{name}`, such as `sharex` or `picgo`."
    )
    title: str = strawberry.field(description="The display name of the tool.")
    filename: str = strawberry.field(description="The name for the file.")
    media_type: str = strawberry.field(description="The media type of the file.")
    content: str = strawberry.field(
        description="The content of the file. Keep it secret: it contains the token."
    )
    steps: UploaderSteps = strawberry.field(description="Instructions for using the file.")

    @classmethod
    def of(cls, uploader: catalogue.ClientConfiguration) -> Self:
        tool = uploader.client
        return cls(
            name=uploader.name,
            title=tool.title,
            filename=tool.filename,
            media_type=tool.media_type,
            content=uploader.content,
            steps=UploaderSteps(en=list(tool.steps.en), zh=list(tool.steps.zh)),
        )
