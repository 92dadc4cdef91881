"""What a training script says of its parameters, read without running it: `suggest_*` calls and argparse flags."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hptui.core.study.printed import METRIC, printed

_SUGGESTS = {
    "suggest_float": "float", "suggest_uniform": "float", "suggest_loguniform": "float",
    "suggest_discrete_uniform": "float", "suggest_int": "int", "suggest_categorical": "categorical",
}  # fmt: skip
_ARGUMENTS = {  # by place, after the name
    "suggest_float": ("low", "high"), "suggest_uniform": ("low", "high"), "suggest_loguniform": ("low", "high"),
    "suggest_discrete_uniform": ("low", "high", "step"), "suggest_int": ("low", "high", "step", "log"),
    "suggest_categorical": ("choices",),
}  # fmt: skip


@dataclass(frozen=True)
class Suggested:
    """A `suggest_*` call. definition: None where its range is computed. sure: it is asked for in every trial."""

    name: str
    line: int
    definition: dict[str, Any] | None
    sure: bool = True


@dataclass(frozen=True)
class Flag:
    """An argparse flag. kind: float, int, str or bool."""

    name: str
    line: int
    kind: str
    default: Any = None
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Script:
    """objectives: functions that take a trial. metric: what its printed or returned value seems to be called.
    patterns: how the line is read that prints it.
    """

    objectives: tuple[str, ...] = ()
    suggested: tuple[Suggested, ...] = ()
    flags: tuple[Flag, ...] = ()
    used: dict[str, int] = field(default_factory=dict)  # names read from `trial.params` -> line
    metric: str = ""
    patterns: tuple[str, ...] = ()


def read_script(source: str) -> Script:
    """Raises SyntaxError for what is not Python."""
    tree = ast.parse(source)
    constants = _constants(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    unsure = _unsure(tree)
    suggested: dict[str, Suggested] = {}
    for call in sorted(calls, key=lambda call: call.lineno):
        found = _suggested(call, constants, unsure)
        if found is not None:
            suggested.setdefault(found.name, found)
    flags = {flag.name: flag for call in calls if (flag := _flag(call, constants)) is not None}
    out = printed(tree)
    return Script(
        objectives=tuple(_objectives(tree)),
        suggested=tuple(suggested.values()),
        flags=tuple(flags.values()),
        used=_used(tree),
        metric=_returned(tree) or out.metric,
        patterns=out.patterns,
    )


def _constants(tree: ast.Module) -> dict[str, Any]:
    """Module-level names that are numbers, texts or lists of these."""
    known: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            try:
                known[node.targets[0].id] = _value(node.value, known)
            except ValueError:
                continue
    return known


def _value(node: ast.expr, known: dict[str, Any]) -> Any:
    """What an expression of constants comes to. Raises ValueError for anything else."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value = _value(operand, known)
            if isinstance(value, (int, float)):
                return -value
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [_value(element, known) for element in elements]
        case ast.BinOp(left=left, op=op, right=right):
            return _computed(op, _value(left, known), _value(right, known))
        case _:
            pass
    raise ValueError("is computed")


def _computed(op: ast.operator, a: Any, b: Any) -> Any:
    numbers = all(isinstance(n, (int, float)) and abs(n) < 1e9 for n in (a, b))
    match op:
        case ast.Add() if numbers:
            return a + b
        case ast.Sub() if numbers:
            return a - b
        case ast.Mult() if numbers:
            return a * b
        case ast.Div() if numbers and b:
            return a / b
        case ast.Pow() if numbers and abs(a) <= 1e3 and abs(b) <= 64 and (a or b > 0):
            return a**b
        case _:
            raise ValueError("is computed")


def _unsure(tree: ast.Module) -> set[int]:
    """Lines of code that may not run, or more than once: inside if, for, while and the like."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.If(test=test) if "__name__" in ast.dump(test):
                continue
            case ast.If(body=body, orelse=rest) | ast.For(body=body, orelse=rest) | ast.While(body=body, orelse=rest):
                inside: list[ast.AST] = [*body, *rest]
            case ast.IfExp(body=one, orelse=other):
                inside = [one, other] if one.lineno != node.test.lineno else [node]
            case ast.ListComp(elt=one) | ast.SetComp(elt=one) | ast.GeneratorExp(elt=one):
                inside = [one]
            case _:
                continue
        for part in inside:
            lines |= {line for each in ast.walk(part) if (line := getattr(each, "lineno", None)) is not None}
    return lines


def _suggested(call: ast.Call, known: dict[str, Any], unsure: set[int]) -> Suggested | None:
    assert isinstance(call.func, ast.Attribute)
    attr = call.func.attr
    if attr not in _SUGGESTS or (not call.args and not call.keywords):
        return None
    given = dict(zip(("name", *_ARGUMENTS[attr]), call.args, strict=False))
    given.update({keyword.arg: keyword.value for keyword in call.keywords if keyword.arg})
    try:
        name = _value(given.pop("name"), known)
    except (ValueError, KeyError):
        return None  # a name that is computed: nothing can be said of it
    if not isinstance(name, str):
        return None
    sure = call.lineno not in unsure
    try:
        definition = {"type": _SUGGESTS[attr], **{key: _value(value, known) for key, value in given.items()}}
    except ValueError:
        return Suggested(name, call.lineno, None, sure)
    if attr == "suggest_loguniform":
        definition["log"] = True
    kept = {key: value for key, value in definition.items() if value is not None and value is not False}
    if kept.get("type") == "int" and kept.get("step") == 1:
        del kept["step"]
    whole = "choices" in kept or {"low", "high"} <= kept.keys()
    return Suggested(name, call.lineno, kept if whole else None, sure)


def _used(tree: ast.Module) -> dict[str, int]:
    """`trial.params["lr"]`, and `p["lr"]` where `p = trial.params`."""
    used: dict[str, int] = {}
    called = {"params"}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=other)], value=ast.Attribute(attr="params")):
                called.add(other)
            case _:
                pass
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=ast.Attribute(attr="params"), slice=ast.Constant(value=str(name))):
                used.setdefault(name, node.lineno)
            case ast.Subscript(value=ast.Name(id=other), slice=ast.Constant(value=str(name))) if other in called:
                used.setdefault(name, node.lineno)
            case _:
                pass
    return used


def _flag(call: ast.Call, known: dict[str, Any]) -> Flag | None:
    assert isinstance(call.func, ast.Attribute)
    if call.func.attr != "add_argument":
        return None
    texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    name = next((text[2:] for text in texts if text.startswith("--")), None)
    if name is None:
        return None
    given: dict[str, Any] = {}
    for keyword in call.keywords:
        if keyword.arg == "type" and isinstance(keyword.value, ast.Name):
            given["type"] = keyword.value.id
            continue
        try:
            given[str(keyword.arg)] = _value(keyword.value, known)
        except ValueError:
            continue
    default, choices = given.get("default"), given.get("choices")
    kind = given.get("type") or ("bool" if "store_" in str(given.get("action", "")) else type(default).__name__)
    if kind not in ("float", "int", "bool"):
        kind = "str"
    if given.get("action") == "store_false":
        default = True
    return Flag(name, call.lineno, kind, default, tuple(choices) if isinstance(choices, list) else ())


def _objectives(tree: ast.Module) -> Iterator[str]:
    """Top-level functions whose first argument is a trial, by its name or by what is asked of it."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.args.args:
            first = node.args.args[0].arg
            asked = any(
                isinstance(one, ast.Attribute) and one.attr.startswith(("suggest_", "report", "should_prune"))
                and isinstance(one.value, ast.Name) and one.value.id == first
                for one in ast.walk(node)
            )  # fmt: skip
            if first == "trial" or asked:
                yield node.name


def _returned(tree: ast.Module) -> str:
    """The name of what a function returns, when it sounds like a metric's."""
    for node in ast.walk(tree):
        match node:
            case ast.Return(value=ast.Name(id=name)) if METRIC.fullmatch(name):
                return name
            case _:
                pass
    return ""
