"""W&B sweep files and NNI experiments as study files. What they mean, not how they look, is carried over."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hptui.core.errors import StudyError, StudyErrors
from hptui.core.interop import nni_read, wandb_read
from hptui.core.interop.making import Made


def read_sweep(path: Path) -> tuple[str, list[str]]:
    """The study file for a sweep (`.yaml` of W&B or NNI, or NNI's `search_space.json`), and what was left out.

    Raises StudyErrors with every problem, by key path.
    """
    document = _document(path)
    made = Made()
    if "trialCommand" in document or "trial_command" in document:
        nni_read.read(document, path, made)
    elif document and all(isinstance(v, Mapping) and "_type" in v for v in document.values()):
        made.wrong("trialCommand", "is not here: this file is a search space alone", "give the experiment's YAML")
    elif "parameters" in document:
        wandb_read.read(document, made)
    else:
        made.wrong("parameters", "is missing", "a W&B sweep has `parameters`, an NNI experiment `trialCommand`")
    if made.problems:
        raise StudyErrors(str(path), made.problems)
    return made.file(path), made.left_out


def _document(path: Path) -> dict[str, Any]:
    import yaml

    try:
        read = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StudyError(str(path), f"can't be read: {' '.join(str(error).split())}", "is it YAML?") from error
    if not isinstance(read, dict):
        raise StudyError(str(path), "is no table of keys", "a sweep file begins with keys such as `program:`")
    return {str(key): value for key, value in read.items()}
