"""What a program prints, read from its source without running it: a pattern for each number that has a name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

METRIC = re.compile(r"(val(?:id(?:ation)?)?[_ ]?)?(loss|acc(?:uracy)?|auc|f1|error|mse|rmse|mae|r2|score)\b", re.I)
_HOLE = "\0"  # where a number comes
_OLD_HOLE = re.compile(r"%(?:%|[-+ #0]*[\d*]*(?:\.\d+)?[a-zA-Z])")  # of "%.3f" % x
_BRACES = re.compile(r"\{[^{}]*\}")  # of "{:.3f}".format(x)
_PART = r"train|training|val|valid|validation|test|dev|eval"
_LABEL = re.compile(rf"((?:\b(?:{_PART}) )?[A-Za-z][\w/.-]*)([\s=:#(\[]*)$", re.I)
_STEP = re.compile(r"epoch|step|iter|iteration", re.I)
_WRITES = {"print", "info", "log", "write"}
Label = tuple[str, str, str]
"""Its name, the label as it is printed, and what stands between that and the number."""


@dataclass(frozen=True)
class Printed:
    """metric: what the searched number seems to be called, "" for none. patterns: of one line, for the study file."""

    metric: str = ""
    patterns: tuple[str, ...] = ()


def printed(tree: ast.Module) -> Printed:
    """Of the last call of print, or of a logger, that names a metric."""
    found = Printed()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _name(node.func) in _WRITES:
            text = " ".join(_text(one) for one in node.args)
            labels = _labels(text)
            metrics = [name for name, label, _ in labels if METRIC.search(label)]
            if metrics:
                found = Printed(metrics[-1], tuple(_patterns(labels, metrics[-1])))
            elif named := list(METRIC.finditer(text)):
                found = Printed(_as_name(named[-1][0]))
    return found


def _name(func: ast.expr) -> str:
    match func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _text(node: ast.expr) -> str:
    """What is written, with a hole for all that is computed."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) for part in parts)
        case ast.BinOp(left=ast.Constant(value=str(text)), op=ast.Mod()):
            return _OLD_HOLE.sub(lambda match: "%" if match[0] == "%%" else _HOLE, text)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(left) + _text(right)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(text)), attr="format")):
            return _BRACES.sub(_HOLE, text)
        case _:
            return _HOLE


def _labels(text: str) -> list[Label]:
    """What stands before each number, where it is a name; the first of each."""
    found: dict[str, Label] = {}
    for piece in text.split(_HOLE)[:-1]:
        if match := _LABEL.search(piece):
            name = "step" if _STEP.fullmatch(match[1]) else _as_name(match[1])
            found.setdefault(name, (name, match[1], match[2]))
    return list(found.values())


def _patterns(labels: Sequence[Label], metric: str) -> Iterator[str]:
    """A regular expression for each number, in their order; `value` is the metric, `step` the epoch."""
    for name, label, between in labels:
        if name in ("value", "result") and name != metric:
            continue  # the names of something else
        longer = [other[: -len(label)] for _, other, _ in labels if other != label and other.endswith(label)]
        begins = "".join(f"(?<!{_literally(part)})" for part in longer) + r"\b"
        gap = r"\s*".join(_literally(part) for part in re.split(r"\s+", between))
        number = r"\d+" if name == "step" else r"[-+.\w]+"
        yield f"{begins}{_literally(label)}{gap}(?P<{'value' if name == metric else name}>{number})"


def _literally(text: str) -> str:
    return re.escape(text).replace(r"\ ", " ")


def _as_name(label: str) -> str:
    return re.sub(r"\W+", "_", label.strip()).lower()
