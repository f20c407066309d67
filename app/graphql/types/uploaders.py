from typing import Self

import strawberry

from app.uploads.clients import catalogue


@strawberry.type(description="How a file is put to use, a sentence a step.")
class UploaderSteps:
    en: list[str] = strawberry.field(description="In English.")
    zh: list[str] = strawberry.field(description="In Chinese.")


@strawberry.type(description="A file that makes a tool upload to this server, with a token inside.")
class Uploader:
    name: str = strawberry.field(
        description="The tool, as in `GET /v1/uploaders/{name}`: `sharex`, `picgo` and others."
    )
    title: str = strawberry.field(description="The tool, as it calls itself.")
    filename: str = strawberry.field(description="What to save the file as.")
    media_type: str = strawberry.field(description="Of what type the file is.")
    content: str = strawberry.field(
        description="What stands in the file. Who has it can upload: keep it as the token."
    )
    steps: UploaderSteps = strawberry.field(description="How to use it.")

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
