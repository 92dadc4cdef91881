"""The README and docs/ speak of what there is: every verb, every key, every link; their study is a study."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from hptui.core.search.catalog import check
from hptui.core.study.file import load_study
from hptui.tui import review_keys
from hptui.tui.cli import VERBS
from hptui.tui.keymap import PLACES

ROOT = Path(__file__).resolve().parents[2]
README, DOCS = ROOT / "README.md", ROOT / "docs"
PAGES = {path: path.read_text() for path in (README, *sorted(DOCS.glob("*.md")))}

NAMES = {"plus": "+", "minus": "-", "slash": "/", "colon": ":", "question_mark": "?", "escape": "esc",
         "f2": "F2", "f5": "F5", "less_than_sign": "<", "greater_than_sign": ">",
         "left_square_bracket": "[", "right_square_bracket": "]",
         "left_curly_bracket": "{", "right_curly_bracket": "}"}  # fmt: skip


def test_the_table_of_keys_has_every_key_of_the_screens() -> None:
    tables = PAGES[README].partition("## Keys")[2].partition("\n## ")[0] + PAGES[DOCS / "keys.md"]
    named = set(re.findall(r"`([^`]+)`", tables))
    every = (*PLACES.values(), review_keys.COMPARE, review_keys.ROUNDS)
    ours = {key.keys.split(",")[0] for table in every for key in table}

    assert {NAMES.get(key, key) for key in ours} - named == set()


def test_every_verb_is_spoken_of() -> None:
    said = "\n".join(PAGES.values())

    assert [verb for verb in VERBS if not re.search(rf"`?{verb}`?\b", said)] == []


def test_every_file_they_link_to_is_there() -> None:
    links = [(page, link) for page, text in PAGES.items() for link in re.findall(r"\]\(([^)#]+)\)", text)]

    assert [link for page, link in links if not link.startswith("http") and not (page.parent / link).exists()] == []


def test_every_page_is_linked_from_the_readme() -> None:
    assert [page.name for page in DOCS.glob("*.md") if f"docs/{page.name}" not in PAGES[README]] == []


def test_the_study_file_is_a_study() -> None:
    [text] = re.findall(r"```toml\n(.*?)```", PAGES[DOCS / "study.md"], re.DOTALL)

    study = load_study(text, where="digits.toml", folder=ROOT / "examples", check_choice=check)

    assert (study.name, len(study.space), study.budget.wall_clock_s) == ("digits", 6, 7200.0)


def test_every_example_is_a_study() -> None:
    for path in sorted((ROOT / "examples").glob("*.toml")):
        load_study(path.read_text(), where=str(path), folder=path.parent, check_choice=check)


def test_the_make_targets_it_names_exist() -> None:
    for target in ("demo", "test", "lint", "bench", "screenshots"):
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
