"""TensorBoard event files: every run a trial, its scalars the curves, its hyperparameters where HParams wrote them."""

from __future__ import annotations

import math
import re
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from hptui.core.errors import SessionError
from hptui.core.interop.found import Found, FoundTrial, defined_by, metric_named
from hptui.core.study.study import Direction, Goal

_EVENTS = "*.tfevents.*"
_HPARAMS = "_hparams_/session_start_info"
_BY_THE_TIME = re.compile(r"\d+\.\d+")  # `add_hparams` of torch and of tensorboardX: str(time.time())
_DAMAGED = "a record of it is damaged: what comes after is not read"


@dataclass
class _Run:
    params: dict[str, Any] = field(default_factory=dict)
    curves: dict[str, dict[int, float]] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    trouble: str = ""  # why a file was not read to its end


def has_events(folder: Path) -> bool:
    return next(folder.rglob(_EVENTS), None) is not None


def read_tensorboard(folder: Path, metric: str | None, direction: Direction) -> Found:
    """The runs below a log folder, by name. Of a step written twice the later value counts.

    Hyperparameters that `add_hparams` wrote into a folder of its own, named by the time, belong to the run around it.
    Raises SessionError: tensorboardX is not installed, no event file, no such metric, a file that can't be read.
    """
    places = sorted({path.parent for path in folder.rglob(_EVENTS)})
    if not places:
        raise SessionError(str(folder), "there is no TensorBoard event file in it")
    runs = _joined({place: _run(place) for place in places})
    tags = dict.fromkeys(tag for run in runs.values() for tag in run.curves)
    value = metric_named(list(tags), metric, str(folder))
    params = dict.fromkeys(name for run in runs.values() for name in run.params)
    definitions = {n: defined_by([r.params[n] for r in runs.values() if n in r.params]) for n in params}
    left_out = [f"{place.name}: {run.trouble}" for place, run in runs.items() if run.trouble]
    if without := sum(not run.params for run in runs.values()):
        left_out.append(f"parameters of {without} run{'s' * (without != 1)}: none were logged")
    left_out.append("images, histograms and text")
    trials = tuple(_trial(n, place, run, value, folder) for n, (place, run) in enumerate(runs.items()))
    goals = (Goal(value, direction),)
    return Found(folder.name, str(folder), "TensorBoard", goals, definitions, trials, tuple(left_out))


def _joined(runs: dict[Path, _Run]) -> dict[Path, _Run]:
    timed = [place for place, run in runs.items() if run.params and _BY_THE_TIME.fullmatch(place.name)]
    homes = Counter(place.parent for place in timed)
    for place in timed:
        around = runs.get(place.parent)
        if around is not None and not around.params and homes[place.parent] == 1:
            own = runs.pop(place)
            around.params, around.curves = own.params, own.curves | around.curves
            around.trouble = around.trouble or own.trouble
    return runs


def _run(place: Path) -> _Run:
    run = _Run()
    for path in sorted(place.glob(_EVENTS)):
        try:
            _read_file(path, run)
        except OSError as error:
            raise SessionError(str(path), f"can't be read: {error.strerror or error}") from error
    return run


def _read_file(path: Path, run: _Run) -> None:
    event, hparams, damaged = _messages()
    try:
        for record in _records(path, run):
            read = event.FromString(record)
            run.times.append(read.wall_time)
            for value in read.summary.value:
                if value.tag == _HPARAMS:
                    content = hparams.FromString(value.metadata.plugin_data.content)
                    run.params |= {name: _plain(v) for name, v in content.session_start_info.hparams.items()}
                elif (number := _scalar(value)) is not None:
                    run.curves.setdefault(value.tag, {})[read.step] = number
    except damaged:
        run.trouble = _DAMAGED


def _messages() -> tuple[Any, Any, type[Exception]]:
    """Two kinds of messages, and what is raised for bytes that are none."""
    try:
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData
    except ImportError:
        hint = "pip install 'hptui[tensorboard]'"
        raise SessionError("tensorboardX", "is not installed: it reads event files", hint) from None
    return Event, HParamsPluginData, import_module("google.protobuf.message").DecodeError


def _records(path: Path, run: _Run) -> Iterator[bytes]:
    """TFRecord: length (8 bytes), its check (4), the record, its check (4), little-endian."""
    from tensorboardX.record_writer import masked_crc32c

    with path.open("rb") as file:
        while head := file.read(12):
            if len(head) == 12 and struct.unpack("<I", head[8:])[0] != masked_crc32c(head[:8]):
                run.trouble = _DAMAGED  # zeros, as a crash of the machine leaves them, are no record either
                return
            length = struct.unpack("<Q", head[:8])[0] if len(head) == 12 else 0
            record = file.read(length + 4)
            if len(head) < 12 or len(record) < length + 4:
                run.trouble = "its last record is cut off"
                return
            yield record[:-4]


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("kind")
    return None if kind in (None, "null_value") else getattr(value, kind)


def _scalar(value: Any) -> float | None:
    """Of the first version of summaries, or a tensor of one number as the second one has."""
    match value.WhichOneof("value"):
        case "simple_value":
            return float(value.simple_value)
        case "tensor":
            tensor = value.tensor
            if len(tensor.float_val) == 1:
                return float(tensor.float_val[0])
            if tensor.dtype == 1 and len(tensor.tensor_content) == 4:  # DT_FLOAT
                return float(struct.unpack("<f", tensor.tensor_content)[0])
    return None


def _trial(number: int, place: Path, run: _Run, metric: str, folder: Path) -> FoundTrial:
    own = sorted(run.curves.get(metric, {}).items())
    known = bool(own) and math.isfinite(own[-1][1])
    return FoundTrial(
        number,
        "COMPLETE" if known else "FAIL",
        run.params,
        (own[-1][1],) if own else (),
        tuple(own),
        {tag: tuple(sorted(curve.items())) for tag, curve in run.curves.items() if tag != metric},
        {"run": str(place.relative_to(folder))},
        "" if known else f"has no {metric}",
        min(run.times, default=None),
        max(run.times, default=None),
    )
