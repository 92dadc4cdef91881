"""What a scheduler can do. `intents` is what gets written down before it is done."""

from __future__ import annotations

from dataclasses import dataclass

from hptui.core.devices.inventory import Place
from hptui.core.scheduler import events as e
from hptui.core.scheduler.state import Live
from hptui.core.store.rows import CommandRow


@dataclass(frozen=True, slots=True)
class Action:
    """`intents`: events recorded, and committed, before the hands move. They must change the state so that `plan`
    does not ask for the same thing again."""

    intents: tuple[e.Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Record(Action):
    """Only write it down."""


@dataclass(frozen=True, slots=True)
class BootServer(Action):
    pass


@dataclass(frozen=True, slots=True)
class AskThinker(Action):
    number: int = -1


@dataclass(frozen=True, slots=True)
class Launch(Action):
    """Ask the fork server for the trial's process (or start a cold one)."""

    number: int = -1
    place: Place | None = None
    cold: bool = False


@dataclass(frozen=True, slots=True)
class AskRule(Action):
    """Something that the pruner is to say."""


@dataclass(frozen=True, slots=True)
class Judge(AskRule):
    number: int = -1
    milestone: int = 0
    step: int = 0


@dataclass(frozen=True, slots=True)
class TellToStop(Action):
    """The verdict that it waits for."""

    number: int = -1
    milestone: int = 0


@dataclass(frozen=True, slots=True)
class AskPruner(AskRule):
    """Which held trial should go on? Answered with Promoted, or not at all. closing: nothing but held ones is left."""

    held: frozenset[int] = frozenset()
    closing: bool = False


@dataclass(frozen=True, slots=True)
class AskPark(Action):
    number: int = -1


@dataclass(frozen=True, slots=True)
class Freeze(Action):
    """SIGSTOP the trial's whole session."""

    number: int = -1


@dataclass(frozen=True, slots=True)
class Thaw(Action):
    """SIGCONT, and let it leave report()."""

    number: int = -1


@dataclass(frozen=True, slots=True)
class Signal(Action):
    """SIGTERM and SIGCONT, or SIGKILL, to the trial's whole session."""

    number: int = -1
    kill: bool = False


@dataclass(frozen=True, slots=True)
class Resize(Action):
    """Hold another share of its GPUs for a trial."""

    number: int = -1
    units: int = 0


@dataclass(frozen=True, slots=True)
class Settle(Action):
    """Sweep what the trial left behind and forget its process."""

    number: int = -1
    live: Live | None = None


@dataclass(frozen=True, slots=True)
class PutAway(Action):
    """Sweep what the held trial left behind; another process will go on with it."""

    number: int = -1


@dataclass(frozen=True, slots=True)
class MoveMemory(Action):
    """Move its GPU memory out or back; answered with MemoryMoved, some time later."""

    number: int = -1
    verb: str = "out"
    need_bytes: int = 0


@dataclass(frozen=True, slots=True)
class MakeRoom(AskRule):
    """Which of these held trials are the least promising? Answered with Unwanted, until `over_bytes` come back."""

    over_bytes: int = 0
    candidates: frozenset[int] = frozenset()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answer(Action):
    """What a wish asks for and only the hands can tell: Heeded with what follows, or Refused."""

    command: CommandRow | None = None


@dataclass(frozen=True, slots=True)
class SetPlaces(Answer):
    """How many trials may run at once (None: as many as the study says); answered with SlotsSet."""

    slots: int | None = 0


@dataclass(frozen=True, slots=True)
class SetPruner(Answer):
    """Judge by another rule; answered with PrunerSet."""


@dataclass(frozen=True, slots=True)
class Remark(Answer):
    """A note or tags; answered with AttrSet, EndedRemarked or RemarksSet."""


@dataclass(frozen=True, slots=True)
class CheckPoint(Answer):
    """Does a wished point lie in the space? Answered with Enqueued."""
