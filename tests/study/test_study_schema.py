"""The published JSON schema says what the reader reads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

import hptui.core.study as study_package
from hptui.core.errors import StudyErrors
from hptui.core.space.definitions import TYPES
from hptui.core.study.file import load_study
from hptui.core.study.json_schema import study_schema
from hptui.core.study.written import TABLES, WrittenStudy

PUBLISHED = Path(study_package.__file__).parent / "study.schema.json"


def test_the_published_schema_is_current():
    printed = subprocess.run(
        [sys.executable, "-m", "hptui.core.study.json_schema"], capture_output=True, text=True, check=True
    ).stdout

    assert PUBLISHED.read_text() == printed
    assert json.loads(printed) == study_schema()


def keys(kind: type[msgspec.Struct]) -> set[str]:
    return {f.encode_name for f in msgspec.structs.fields(kind)}


def test_the_schema_knows_the_very_keys_that_are_read():
    schema = study_schema()
    forms = schema["properties"]["space"]["additionalProperties"]["anyOf"][1:]

    assert set(schema["properties"]) == keys(WrittenStudy)
    for name, kind in TABLES.items():
        assert set(schema["properties"][name]["properties"]) == keys(kind)
    for form in forms:
        assert set(form["properties"]) == {"type"} | keys(TYPES[form["properties"]["type"]["const"]])


def described(schema: Any, path: str = "") -> list[str]:
    """The key paths below that have no description."""
    if not isinstance(schema, dict):
        return []
    bare = [f"{path}.{key}" for key, value in schema.get("properties", {}).items() if not value.get("description")]
    inner = [described(value, f"{path}.{key}") for key, value in schema.get("properties", {}).items()]
    return bare + [p for paths in inner for p in paths]


def test_every_key_says_what_it_means():
    assert described(study_schema()) == []


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_key_of_the_schema_is_never_unknown_to_the_reader(table: str):
    for key in study_schema()["properties"][table]["properties"]:
        with pytest.raises(StudyErrors) as caught:
            load_study(f"[{table}]\n{key} = 1979-05-27", where="x.toml", folder=None)

        assert "unknown key" not in str(caught.value)
