"""The page of rules names every rule that the advice has, and no other."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_rule_is_on_the_page_and_every_rule_on_the_page_is_there() -> None:
    page = (ROOT / "docs" / "playbook.md").read_text()
    code = "\n".join(path.read_text() for path in (ROOT / "core" / "advice").glob("*.py"))
    rules = set(re.findall(r'Finding\(\s*"([a-z-]+)"', code)) | {"nan-region", "infeasible-frontier"}

    said = set(re.findall(r"`([a-z][a-z-]+)`", page))

    assert rules - said == set()
    assert {name for name in said - rules if "-" in name} <= {"lr-find"}
