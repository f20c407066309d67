"""`schema.graphql`, from which front ends are built, matches the code."""

from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
)

from app.graphql.schema import build_schema as build_our_schema
from app.settings import Settings

FILE = Path(__file__).parents[2] / "schema.graphql"


def test_schema_file_is_up_to_date() -> None:
    printed = build_our_schema(Settings()).as_str()
    assert FILE.read_text().strip() == printed.strip(), "run scripts/schema and review the changes"


def test_everything_has_a_description() -> None:
    bare = []
    for name, kind in build_schema(FILE.read_text()).type_map.items():
        if name.startswith("__") or name in {"Boolean", "Float", "ID", "Int", "String"}:
            continue
        if not kind.description:
            bare.append(name)
        if isinstance(kind, GraphQLEnumType):
            bare += [f"{name}.{key}" for key, value in kind.values.items() if not value.description]
        elif isinstance(kind, GraphQLInputObjectType):
            bare += [f"{name}.{key}" for key, field in kind.fields.items() if not field.description]
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for key, field in kind.fields.items():
                bare += [f"{name}.{key}"] if not field.description else []
                bare += [f"{name}.{key}({arg})" for arg, value in field.args.items() if not value.description]
    assert bare == []


def published() -> GraphQLSchema:
    return build_schema(FILE.read_text())


def test_nullable_fields_describe_null() -> None:
    silent = [
        f"{name}.{key}"
        for name, kind in published().type_map.items()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__")
        for key, field in kind.fields.items()
        if not isinstance(field.type, GraphQLNonNull) and "null" not in (field.description or "").lower()
    ]
    assert silent == []


def test_no_default_is_null() -> None:
    assert "= null" not in FILE.read_text()


def test_mutations_have_input_and_payload_types() -> None:
    mutations = published().mutation_type
    assert mutations is not None
    for name, field in mutations.fields.items():
        title = name[0].upper() + name[1:]
        assert str(field.type) == f"{title}Payload!"
        assert {key: str(arg.type).rstrip("!") for key, arg in field.args.items()} in (
            {"input": f"{title}Input"},
            {},
        )
