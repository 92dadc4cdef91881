"""What the scheduler, its bridge to the cluster and the slots on the nodes say to each other.

Scheduler and bridge: JSON, one message per packet, as with the fork server (`wire.request`), whose Start and Ready
they share. Bridge and slot: the same values as arguments and answers of Ray calls.
"""

from __future__ import annotations

import msgspec

from hptui.core.wire import request as r


class Asks(msgspec.Struct, frozen=True, tag="asks"):
    """What one trial takes of a node, as Ray counts."""

    cpus: float = 1.0
    gpus: float = 0.0
    custom: dict[str, float] = {}

    def needs(self) -> dict[str, float]:
        """By Ray's names, what is not zero."""
        return {name: amount for name, amount in {"CPU": self.cpus, "GPU": self.gpus, **self.custom}.items() if amount}


class Join(msgspec.Struct, frozen=True, tag="join"):
    """The first message to a bridge."""

    folder: str  # the session's folder, here
    session: str  # the first part of every trial's tag
    namespace: str
    address: str
    asks: Asks
    code: str  # the folder that travels to the nodes
    slots: int | None = None  # trials at once; None: what the cluster holds
    most: int | None = None  # ... but never more than this
    runtime_env: dict[str, object] = {}


class Run(msgspec.Struct, frozen=True, tag="run"):
    slot: int
    start: r.Start
    answered: int = 0  # milestones that had their verdict under earlier processes of the trial


class Kick(msgspec.Struct, frozen=True, tag="kick"):
    """Signals to a trial's whole session."""

    number: int
    signals: tuple[int, ...]


class Wish(msgspec.Struct, frozen=True, tag="wish"):
    """What the control page is to say."""

    number: int
    ask: int | None = None
    milestone: int | None = None
    verdict: int = 0


class Drop(msgspec.Struct, frozen=True, tag="drop"):
    """Nothing of the trial is to be left on its node."""

    number: int


class Want(msgspec.Struct, frozen=True, tag="want"):
    """So many slots from now on; None: what the cluster holds."""

    slots: int | None


class Leave(msgspec.Struct, frozen=True, tag="leave"):
    """The session is over: slots without trials are given back. Without this word, they wait for a next scheduler."""


ToBridge = Join | r.Preload | Run | Kick | Wish | Drop | Want | Leave


class Hosted(msgspec.Struct, frozen=True, tag="hosted"):
    """A trial that a slot has, or had until its process ended."""

    number: int
    slot: int
    pid: int
    start_ticks: int


class Joined(msgspec.Struct, frozen=True, tag="joined"):
    """The cluster is there; these trials of an earlier scheduler are, too."""

    nodes: tuple[str, ...]
    hosted: tuple[Hosted, ...]


class CannotJoin(msgspec.Struct, frozen=True, tag="cannot-join"):
    problem: str
    hint: str = ""


class SlotUp(msgspec.Struct, frozen=True, tag="slot-up"):
    slot: int
    node: str
    gpus: tuple[str, ...] = ()  # as Ray numbers them on the node


class SlotDown(msgspec.Struct, frozen=True, tag="slot-down"):
    slot: int


class Gone(msgspec.Struct, frozen=True, tag="gone"):
    """A trial's process has ended and its files are here. status: as waitpid gives it; None: nobody knows."""

    number: int
    status: int | None
    ago_s: float = 0.0


class Lost(msgspec.Struct, frozen=True, tag="lost"):
    """A trial went with its node."""

    number: int
    reason: str


class NotRun(msgspec.Struct, frozen=True, tag="not-run"):
    """A trial never began where it was to."""

    number: int
    reason: str


class Said(msgspec.Struct, frozen=True, tag="said"):
    """Something for the ledger."""

    text: str
    number: int | None = None


class NodeSeen(msgspec.Struct, frozen=True, tag="node-seen"):
    """How busy a node, or a GPU there, is."""

    device: str  # as places name it
    at: float
    load: float | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    temperature_c: float | None = None
    power_w: float | None = None


FromBridge = (
    Joined
    | CannotJoin
    | SlotUp
    | SlotDown
    | Gone
    | Lost
    | NotRun
    | Said
    | NodeSeen
    | r.Ready
    | r.ImportFailed
    | r.Forked
)

encode = msgspec.json.Encoder().encode
decode_to_bridge = msgspec.json.Decoder(ToBridge).decode
decode_from_bridge = msgspec.json.Decoder(FromBridge).decode


# between bridge and slot


class Files(msgspec.Struct, frozen=True):
    """The contents of a folder, by name."""

    files: dict[str, bytes] = {}


class Order(msgspec.Struct, frozen=True):
    """One thing a slot is to do, once: `count` tells it from the others of its scheduler."""

    count: int
    what: Run | Kick | Wish | Drop
    checkpoint: Files | None = None  # Run: what the trial itself had saved
    donor: Files | None = None  # Run: what the trial that it goes on from had saved
    spool_base: int = 0  # Run: bytes that the session has of the trial already
    log_base: int = 0


class Told(msgspec.Struct, frozen=True):
    """What is new of one trial."""

    number: int
    pid: int
    start_ticks: int
    spool: bytes = b""
    log: bytes = b""
    checkpoint: Files | None = None  # saved before the end of `spool` was written
    marks: str = ""  # of the checkpoints, to be sent back: then they are known
    ended: bool = False  # its process is gone, and this is the last of its files
    status: int | None = None
    ago_s: float = 0.0
    refused: str = ""  # it could not be started


class Here(msgspec.Struct, frozen=True):
    """A trial as a slot tells a bridge that is new."""

    number: int
    pid: int
    start_ticks: int
    spool_base: int
    log_base: int


class News(msgspec.Struct, frozen=True):
    """A slot's answer to `listen`."""

    told: tuple[Told, ...] = ()
    ready: r.Ready | None = None
    broken: r.ImportFailed | None = None
    said: tuple[str, ...] = ()
    seen: tuple[NodeSeen, ...] = ()  # device: "" for the node, else the GPU's number there
