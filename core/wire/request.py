"""How the scheduler asks for a trial's process, and what the fork server answers.

Messages are JSON, one per packet of a SOCK_SEQPACKET socket; a lease's file descriptors travel beside a Start as
SCM_RIGHTS. The child keeps the descriptors for its whole life: a lease lives exactly as long as the process.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hptui.core.study.milestones import Milestones


class Program(msgspec.Struct, frozen=True, tag="program"):
    """Any command line, its parameters put in as `study.Objective` says."""

    command: tuple[str, ...]  # with placeholders still in it
    arguments: str = "flags"  # flags, placeholders or json
    patterns: tuple[str, ...] = ()  # regular expressions over printed lines


class Function(msgspec.Struct, frozen=True, tag="function"):
    script: str  # absolute path
    name: str = "objective"
    shared: str | None = None


class Start(msgspec.Struct, frozen=True, tag="start"):
    """One trial's process."""

    session: str  # tag found in /proc/PID/environ as HPTUI_TRIAL=<session>/<number>
    folder: str  # the session's folder
    number: int
    params: dict[str, Any]
    seed: int
    objective: Program | Function
    cwd: str
    metric: str = "value"
    also: tuple[str, ...] = ()  # metrics that are objectives, too
    test: str | None = None  # the held-out metric: kept from the search
    device: str = "cpu:0"  # "cpu:<slot>" or a GPU's UUID
    env: dict[str, str] = {}
    milestones: Milestones | None = None
    max_steps: int | None = None
    threads: int | None = None
    checkpoint_from: str | None = None  # another trial's checkpoint folder to go on from
    defines: bool = False  # the objective may ask for parameters that `params` does not have
    user_attrs: dict[str, Any] = {}
    attempt: int = 0  # see `claim`
    judged_to: int = -1  # milestones up to this step have had their verdict, under an earlier process of the trial
    rerun: bool = False  # the objective reads `trial.budget`, and is called once for each that the trial earns
    stream: int = 0  # added to the seed of random, numpy and torch: goes on from a checkpoint, not from the start


class Preload(msgspec.Struct, frozen=True, tag="preload"):
    """The first message to a fork server: what to import before the first fork."""

    modules: tuple[str, ...]  # imported when found; "auto" adds torch._dynamo once the script has imported torch
    script: str | None  # the user's script, imported as a module
    shared: str | None
    cwd: str
    env: dict[str, str] = {}
    function: str | None = None  # the objective's name; given, its absence is told at once


ToServer = Start | Preload


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """Imports are done. `level`: script, modules (the script must be imported by each trial) or cold (never fork)."""

    level: str
    reason: str
    seconds: float
    shared: bool = False  # the data is loaded and trials share it
    torch: bool = False


class ImportFailed(msgspec.Struct, frozen=True, tag="import-failed"):
    """The user's script can't be imported, or has no such function. `detail`: their own frames."""

    reason: str
    detail: str


class Forked(msgspec.Struct, frozen=True, tag="forked"):
    number: int
    pid: int
    start_ticks: int


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The server may not fork any more (threads, CUDA): start this one cold."""

    number: int
    reason: str


class Exited(msgspec.Struct, frozen=True, tag="exited"):
    pid: int
    status: int  # as os.waitpid gives it


FromServer = Ready | ImportFailed | Forked | Refused | Exited

encode = msgspec.json.Encoder().encode
decode_to_server = msgspec.json.Decoder(ToServer).decode
decode_from_server = msgspec.json.Decoder(FromServer).decode

TAG = "HPTUI_TRIAL"

MEASURE, HOST_PEAK = "HPTUI_MEASURE", "host_peak_bytes"
"""In a trial's environment: it says how much of the machine's memory it had, in the attribute of that name. All trials
of such a session have one seed, so that what they report differs by their points alone."""
