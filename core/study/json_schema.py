"""The JSON schema of the study file as it is written, so that editors complete and check it.

`python -m hptui.core.study.json_schema > core/study/study.schema.json` renews the copy that is published.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from hptui.core.space.definitions import TYPES
from hptui.core.space.parameter import Prior, ScaledBy
from hptui.core.space.reading import fields_of
from hptui.core.study.written import TABLES, WrittenStudy

Schema = dict[str, Any]

MEANING: dict[str, dict[str, str]] = {
    "": {
        "name": "What the session is called; the file's name when left out.",
        "direction": "Whether a low or a high value is good; a list when there are several objectives.",
        "metric": "What the number given to trial.report is called in tables and curves; a list: several objectives.",
        "seed": "The same seed proposes the same trials.",
        "objective": "What is tuned: a Python function (script, function) or any program (command).",
        "space": "What may vary. Left out: the function states it by trial.suggest_float and the like.",
        "sampler": "How the next point is chosen: a name, or a table of name and options.",
        "pruner": "When a trial is stopped early: a name, or a table of name and options.",
        "budget": "When to stop.",
        "resources": "Where trials run, and how many at once.",
        "stop": "When the search has found what it will find; nothing of it is set unless it is said.",
        "enqueue": "Points to try first; the first one is trial 0, the baseline.",
        "warm_start": "What past sessions found, to begin there.",
        "round": "A study that follows another: its goal, its parent, and what each parameter is for.",
        "test": "A metric on held-out data, kept from the search.",
    },
    "objective": {
        "script": "A Python file, relative to the study file.",
        "function": "The function of the script that takes a trial.",
        "shared": "A function of the script that loads data once for all trials.",
        "command": "Any program: one line, or a list of arguments.",
        "arguments": "How the command gets its parameters: as --lr 0.01, for {lr}, or in a JSON file.",
        "pattern": "Regular expressions over printed lines; named groups step, value, or a metric's name.",
        "cwd": "The folder trials run in; the study file's own when left out.",
        "env": "Environment variables for every trial.",
        "preload": "Modules imported once for all trials.",
    },
    "budget": {
        "n_trials": "How many trials the session runs in all.",
        "wall_clock": 'How long the session runs, such as "2 h"; a bare number counts as seconds.',
        "max_steps": "How many steps a trial can report; also the x axis of the curves.",
        "trial_time": 'How long one trial may run, such as "10 min"; pauses are not counted.',
        "stop_after_failures": "Give up when this many trials in a row fail.",
        "gpu_hours": "Running time of all trials together, in hours, times the GPUs each takes.",
        "total_steps": "Steps of all trials together.",
        "rerun": "The objective reads trial.budget, and is run again with a larger one when it earns that.",
    },
    "stop": {
        "need": "Whether any of the rules that are set ends the search, or all of them together.",
        "target": "A value that is good enough.",
        "same_best_for": "Trials without a better one.",
        "gain_below": "What a trial adds to the best value on average over the last `over` trials.",
        "over": "Trials that gain_below looks back on.",
        "chance_below": "The chance that a further trial improves, by how often the last ones did.",
    },
    "resources": {
        "slots": "Trials at once.",
        "gpus": "How many GPUs a trial takes; below 1 a share of one. Left out: the share that its memory asks for.",
        "gpu_memory": 'What a trial needs on each of its GPUs, such as "6 GiB"; "auto": learned from earlier trials.',
        "devices": "Which GPUs: all, none, or a list of indices and UUIDs.",
        "share_with_strangers": "Also start trials on GPUs that processes of others use.",
        "yield": "Pause the trials on a GPU that a process of somebody else comes to.",
        "look_every": 'How often the GPUs are looked at, "0.1 s" to "60 s"; memory settles in three looks.',
        "max_trials": "Trials at once on one GPU, at most.",
        "threads": "CPU threads per trial.",
        "gpu_env": "How CUDA_VISIBLE_DEVICES names a GPU.",
        "held_memory": 'What held trials may keep of the machine\'s memory, such as "8 GiB" or "25 %".',
        "freeze": "Move a paused trial's GPU memory to the machine's memory (NVIDIA driver 580 or newer).",
    },
    "parameter": {
        "type": "What kind of parameter it is.",
        "low": "The smallest value.",
        "high": "The largest value.",
        "log": "Spread evenly over orders of magnitude.",
        "step": "Only low, low + step, and so on.",
        "choices": "The values to choose from, any JSON values.",
        "when": 'Only active while others have these values: {optimizer = "sgd"}, or a list of values.',
        "scaled_by": "The trial gets the value times (parameter / base), or times its square root.",
        "default": "Your own best guess; the defaults together are trial 0, the baseline.",
        "prior": "Where you believe good values to be: {center = 1e-3, spread = 10}. What trials say outweighs it.",
    },
    "prior": {
        "center": "The value in its middle; the default when left out.",
        "spread": "Two in three good values are within it: a factor if log, else a distance.",
    },
    "warm_start": {
        "sessions": "Past sessions, by name or folder, whose trials tell where to begin.",
    },
    "round": {
        "goal": "What the round is to tell, in one sentence.",
        "parent": "The session of the round before, by name or folder.",
        "scientific": "Parameters whose values are compared, each at the best that the others allow.",
        "nuisance": "Parameters that are tuned for a fair comparison; those that are not named are so, too.",
        "fixed": "Parameters that are held at their default.",
        "adopted": "The parent's trial whose parameters are the baseline here.",
        "evidence": "Why it was adopted, with its numbers.",
    },
    "test": {
        "metric": "The study's metric on data that the search never sees; reported once, at the end.",
    },
    "scaled_by": {
        "parameter": "The parameter it grows with.",
        "rule": "In proportion (linear) or by the square root (sqrt).",
        "base": "Where the factor is 1.",
    },
}
"""Table -> key -> what the editor says of it."""


def study_schema() -> Schema:
    """JSON schema, draft 7: the one that TOML editors read."""
    schema = _table(WrittenStudy, "")
    keys = schema["properties"]
    keys["objective"] |= {**_table(TABLES["objective"], "objective"), **_described("objective")}
    keys["objective"]["oneOf"] = [{"required": ["script"]}, {"required": ["command"]}]
    for name in ("budget", "resources", "stop", "warm_start", "round", "test"):
        keys[name] |= {**_table(TABLES[name], name), **_described(name)}
    keys["space"] |= {"additionalProperties": _parameter(), "minProperties": 1}
    for kind in ("sampler", "pruner"):
        named = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
        keys[kind] = {"anyOf": [{"type": "string"}, named], **_described(kind)}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "hptui study",
        **schema,
        "required": ["objective"],
    }


def _described(key: str) -> Schema:
    return {"description": MEANING[""][key]}


def _table(kind: type[msgspec.Struct], name: str) -> Schema:
    """A table with the keys of `kind` and no others."""
    (_,), components = msgspec.json.schema_components([kind], ref_template="#/{name}")
    keys = components[kind.__name__]["properties"]
    properties = {key: _without_null(keys[key]) | {"description": MEANING[name][key]} for key in keys}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _without_null(schema: Schema) -> Schema:
    """TOML has no null: a key that may be left out is just not required. Empty defaults say nothing."""
    out = {k: v for k, v in schema.items() if k != "default" or v not in (None, "", {}, [])}
    if "anyOf" in out:
        kept = [s for s in out.pop("anyOf") if s != {"type": "null"}]
        out |= kept[0] if len(kept) == 1 else {"anyOf": kept}
    return out


def _parameter() -> Schema:
    """A list of choices, or a table by its type."""
    forms: list[Schema] = [{"type": "array", "minItems": 1, "description": "Choices, any JSON values."}]
    for name, kind in TYPES.items():
        own = {"type", *(f.name for f in fields_of(kind))}
        number = "integer" if name == "int" else "number"
        keys: Schema = {k: {"description": text} for k, text in MEANING["parameter"].items() if k in own}
        keys["type"] |= {"const": name}
        keys["when"] |= {"type": "object"}
        keys["prior"] |= _table(Prior, "prior")
        if name == "categorical":
            keys["choices"] |= {"type": "array", "minItems": 1}
        else:
            for key in ("low", "high", "step", "default"):
                keys[key] |= {"type": number}
            keys["log"] |= {"type": "boolean"}
            keys["scaled_by"] |= {**_table(ScaledBy, "scaled_by"), "required": ["parameter"]}
        required = ["type", *(f.name for f in fields_of(kind) if f.required)]
        forms.append({"type": "object", "properties": keys, "required": required, "additionalProperties": False})
    return {"anyOf": forms}


if __name__ == "__main__":
    print(json.dumps(study_schema(), indent=2))
