"""What the screen says, as pure functions of a snapshot."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from hptui.core.store.rows import DeviceRow, EventRow, TrialRow
from hptui.tui.glyphs import fit
from hptui.tui.keys import AROUND, LOOKING, WISHES
from hptui.tui.snapshot import Delta, Facts, Parameter, Snapshot, merge
from hptui.tui.views.ahead import ahead, ahead_line
from hptui.tui.views.best import best_line
from hptui.tui.views.cells import text_of
from hptui.tui.views.devices import device_line
from hptui.tui.views.events import KINDS, decisions, event_line, glyph, last_event_line
from hptui.tui.views.header import best_part, header_line
from hptui.tui.views.hints import hints_line
from hptui.tui.views.layout import PANES, panes_shown, too_small, trial_panes_shown
from hptui.tui.views.numbers import age, duration, number, plain, size
from hptui.tui.views.parameters import parameter_line, place_in_range
from hptui.tui.views.pruning import nothing
from hptui.tui.views.states import state_cell
from hptui.tui.views.trial import about_lines, trial_header, why_line
from hptui.tui.views.trials import Marks, progress, titles, trial_line

FACTS = Facts(
    name="digits", metric="val_loss", n_trials=10, max_steps=100, created_at=1000.0,
    space=(Parameter("lr", {"type": "float", "low": 1e-5, "high": 0.1, "log": True}),
           Parameter("opt", {"type": "categorical", "choices": ["adam", "sgd"]})),
)  # fmt: skip
RUNNING = TrialRow(7, "RUNNING", {"lr": 0.00123, "opt": "adam"}, value=0.25, best=0.2, step=46, device="GPU-1", slot=0,
                   started_at=1040.0, proposal="drawn at random")  # fmt: skip
DONE = TrialRow(3, "COMPLETE", {"lr": 0.01, "opt": "sgd"}, value=0.1829, step=100, started_at=1001.0, ended_at=1031.0)
GPU = DeviceRow("GPU-1", "H100", 1090.0, 1, 1, 0.97, 61 << 30, 80 << 30, 66.0, 410.0)


def snapshot(*rows: TrialRow, at: float = 1100.0, events: tuple[EventRow, ...] = (), facts: Facts = FACTS) -> Snapshot:
    return merge(Snapshot(), Delta(facts, rows, events, devices=(GPU,)), at=at, alive=True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), (math.nan, "–"), (math.inf, "∞"), (-math.inf, "-∞"), (0.1829, "0.1829"), (12.345, "12.35"),
        (0.0, "0"), (8.8e-5, "8.80e-5"), (1234.5, "1234"), (1e6, "1.00e6"), (12, "12"), (-0.25, "-0.2500"),
        (-(10**400), "-1e400"),
    ],
)  # fmt: skip
def test_numbers_are_short_and_unknown_is_a_dash(value: float | None, text: str) -> None:
    assert number(value) == text


@given(st.none() | st.floats() | st.integers() | st.text() | st.booleans() | st.lists(st.floats()))
def test_a_parameter_of_any_kind_is_harmless_and_never_nan_or_none(value: object) -> None:
    text = plain(value)

    assert not {unicodedata.category(char) for char in text} & {"Cc", "Cf", "Cs"}
    assert isinstance(value, (str, list)) or text not in ("nan", "None")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(8.0, "8s"), (252.0, "4m12s"), (8054.0, "2h14m"), (273600.0, "3d04h"), (None, "–"), (-1.0, "–")],
)
def test_durations_have_two_units(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [("4.7e-11", 6, "5e-11 "), ("-1.00e-300", 8, "-1e-300 "), ("9.96e-11", 7, "1.0e-10"), ("1.23e-11", 8, "1.23e-11"),
     ("1.5e-300", 4, "1.5…"), ("1.5 apples", 5, "1.5… ")],
)  # fmt: skip
def test_a_number_too_wide_for_its_cell_loses_digits_and_not_its_exponent(text: str, width: int, shown: str) -> None:
    assert fit(text, width) == shown


def test_ages_have_one_unit() -> None:
    assert [age(s) for s in (3.0, 90.0, 7300.0, 200000.0, None)] == ["3s", "1m", "2h", "2d", "–"]


@pytest.mark.parametrize(
    ("trial", "text"),
    [
        (RUNNING, "▸ run"), (DONE, "✓ done"), (replace(RUNNING, state="PAUSED", why="user"), "‖ paused"),
        (replace(RUNNING, state="PAUSED", why="rung"), "‖ held"), (replace(RUNNING, state="WAITING"), "· wait"),
        (replace(RUNNING, state="PAUSED", why="undo", until=1104.2), "╌ prune 5s"),
        (replace(RUNNING, state="PAUSED", why="user", resume_wanted=True), "‖ resuming"),
        (replace(RUNNING, state="FAIL", cause="oom"), "✗ no mem"),
        (replace(RUNNING, state="FAIL", cause="crash"), "✗ failed"), (replace(RUNNING, state="NEW"), "· new"),
    ],
)  # fmt: skip
def test_states_are_a_glyph_and_a_word(trial: TrialRow, text: str) -> None:
    assert state_cell(trial, at=1100.0).text == text


def test_a_wish_shows_before_it_is_answered_and_not_on_a_trial_that_ended() -> None:
    assert state_cell(RUNNING, 0.0, "pause").text == "‖ pausing"
    assert state_cell(DONE, 0.0, "pause").text == "✓ done"


def test_a_trials_line_has_a_cell_per_column() -> None:
    keys = tuple(title.key for title in titles(FACTS))

    line = trial_line(snapshot(RUNNING, DONE), 7, keys, Marks(drawn=frozenset({7})))

    assert keys == ("mark", "id", "state", "value", "step", "p.lr", "p.opt", "gpu", "time", "why")
    assert [cell.text for cell in line] == [
        "•", "7", "▸ run", "0.2500", "47%", "1.2e-3", "adam", "g0", "1m00s", "drawn at random"
    ]  # fmt: skip


def test_what_a_trial_lacks_is_a_dash() -> None:
    waits = TrialRow(9, "WAITING", {"lr": 0.1}, reason="waits for a slot")
    keys = ("value", "step", "p.opt", "gpu", "time", "why")

    assert [cell.text for cell in trial_line(snapshot(waits), 9, keys)] == ["–", "–", "–", "–", "–", "waits for a slot"]


def test_the_eleventh_slot_has_room_for_its_name() -> None:
    def width(slots: int | None) -> int:
        return next(one.width for one in titles(replace(FACTS, slots=slots)) if one.key == "gpu")

    assert [width(slots) for slots in (None, 10, 12)] == [4, 4, len("cpu10")]


def test_the_header_tells_the_session_in_one_line() -> None:
    text = text_of(header_line(snapshot(RUNNING, DONE), 160))

    assert text.startswith("hptui  digits  ● live  1 run 1 done  best 0.1829 #3  1m40s")


@given(st.integers(1, 200), st.booleans(), st.booleans())
def test_the_header_fits_whatever_the_width(width: int, review: bool, frozen: bool) -> None:
    line = text_of(header_line(snapshot(RUNNING, DONE), width, review=review, frozen=frozen))

    assert cell_len(line) <= width


def test_a_very_long_name_leaves_room_for_how_the_session_goes() -> None:
    facts = replace(FACTS, name="an-extremely-long-name-that-was-made-by-a-script-0123456789ab")

    text = text_of(header_line(snapshot(RUNNING, DONE, facts=facts), 80))

    assert text == "hptui  an-extremely-lo…t-0123456789ab  ● live  1▸ 1✓  best 0.1829 #3  1m40s"


def test_a_trial_that_runs_says_when_it_last_reported() -> None:
    def time_of(trial: TrialRow) -> str:
        lines = [text_of(line) for line in about_lines(snapshot(trial, at=1100.0), trial, heard=1010.0)]
        return next(line for line in lines if line.startswith("time"))

    assert time_of(RUNNING).endswith("last report 1m30s ago")
    assert time_of(replace(RUNNING, step=None)).endswith("no report yet")


def test_what_is_kept_with_a_trial_is_told_in_words() -> None:
    attrs = {
        "rung": {"rung": 3, "value": 0.2}, "objective_values": {"a": 1.0}, "checkpoint_step": 9, "gpu_share": 1.0,
        "constraint_values": {"size": 0.25, "ms": -1}, "host_peak_bytes": 3 << 20, "times_lost": 2, "mine": {"k": [1]},
    }  # fmt: skip

    told = [text_of(line) for line in about_lines(snapshot(DONE), replace(DONE, attrs=attrs))]

    assert told[-5:] == [
        "checkpoint  of step 9", "constraint  size 0.25, ms -1", "main mem    at most 3M",
        "lost        2 times, and tried again", "mine        k [1]",
    ]  # fmt: skip
    assert not any("{" in line for line in told)


def test_the_eta_follows_from_the_latest_endings() -> None:
    ended = [replace(DONE, number=n, ended_at=1000.0 + 10 * n) for n in range(1, 6)]

    text = text_of(header_line(snapshot(*ended, at=1060.0), 160))

    assert "6.0 trials/min  ETA 50s" in text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"alive": False}, "! scheduler is gone: R starts it again"),
        ({"problem": "there is no such folder"}, "! there is no such folder"),
        ({"facts": replace(FACTS, finished_at=1090.0), "alive": False}, "■ finished"),
        ({"facts": replace(FACTS, finished_at=1090.0, final=False), "alive": False}, "■ stopped: R goes on"),
        ({"facts": replace(FACTS, held=True)}, "‖ session paused"),
    ],
)
def test_the_header_says_when_something_is_not_as_usual(changes: dict[str, object], text: str) -> None:
    assert text in text_of(header_line(replace(snapshot(RUNNING), **changes), 160))  # type: ignore[arg-type]


def test_a_decision_is_a_time_a_glyph_a_trial_and_a_sentence() -> None:
    event = EventRow(1090.0, "ended", 7, "best 0.41 at step 9 is above the median 0.37", {"state": "PRUNED"})

    text = text_of(event_line(event))

    assert text[8:] == " ╌     7 best 0.41 at step 9 is above the median 0.37"


def test_a_completed_trial_is_told_with_its_value() -> None:
    event = EventRow(1090.0, "ended", 3, "", {"state": "COMPLETE"})

    assert text_of(event_line(event, snapshot(DONE).trials)).endswith("✓     3 completed with 0.1829")


@pytest.mark.parametrize("kind", [*KINDS, "something-of-a-later-version"])
def test_every_kind_of_event_reads_as_something(kind: str) -> None:
    line = event_line(EventRow(1090.0, kind))

    assert all(cell.text.isprintable() for cell in line)
    assert line[-1].text
    assert cell_len(line[1].text) == 1


def test_the_last_decision_is_no_trials_coming() -> None:
    events = (EventRow(1.0, "best", 3, "new best 0.1"), EventRow(2.0, "started", 4, "forked"))

    assert text_of(last_event_line(events, {}, 80)).endswith("★ 3 new best 0.1")


def test_a_device_tells_load_memory_slots_and_who_is_there() -> None:
    assert text_of(device_line(snapshot(RUNNING), GPU)) == "g0  ████████  97%   61G/80G 66°C 410W  1/1  ▸ 7"


def test_a_device_of_which_nothing_can_be_read_shows_dashes() -> None:
    bare = DeviceRow("cpu", "processor", 0.0, 2, 0)

    assert text_of(device_line(snapshot(), bare)) == "cpu             –         –  0/2"


def test_the_best_are_numbered_with_their_parameters() -> None:
    assert text_of(best_line(snapshot(DONE), 3)) == " 1   0.1829     3  lr 0.01  opt sgd"


@pytest.mark.parametrize(
    ("definition", "value", "share"),
    [
        ({"low": 1e-5, "high": 0.1, "log": True}, 1e-3, 0.5), ({"low": 0, "high": 10}, 2.5, 0.25),
        ({"choices": ["a", "b", "c"]}, "b", 0.5), ({"choices": ["a"]}, "z", None), ({"low": 1, "high": 1}, 1, None),
        ({}, 3, None), ({"low": 0, "high": 1}, "x", None), ({"low": 0, "high": 1}, 7, 1.0),
    ],
)  # fmt: skip
def test_a_value_has_a_place_in_its_range(definition: dict[str, object], value: object, share: float | None) -> None:
    assert place_in_range(definition, value) == (None if share is None else pytest.approx(share))


def test_a_parameter_is_shown_in_its_range() -> None:
    text = text_of(parameter_line(FACTS, RUNNING, FACTS.space[0]))

    assert text == "lr   1.23e-3     │────────●───────│  1e-5 … 0.1 log"


def test_a_parameter_that_a_trial_does_not_use_says_so() -> None:
    without = replace(RUNNING, params={"lr": 0.1})

    assert "not used by this trial" in text_of(parameter_line(FACTS, without, FACTS.space[1]))


def test_a_trials_header_tells_how_far_it_is() -> None:
    text = text_of(trial_header(snapshot(RUNNING), RUNNING, 160))

    assert text.startswith("trial 7  ▸ run  val_loss 0.2500 at step 46 of 100")


@given(st.integers(1, 250), st.integers(1, 100), st.sampled_from(PANES[1:]), st.none() | st.sampled_from(PANES))
def test_some_pane_is_always_seen_and_a_zoomed_one_alone(
    width: int, height: int, lower: str, zoomed: str | None
) -> None:
    shown = panes_shown(width, height, lower, zoomed)

    assert shown == {zoomed} if zoomed is not None else "trials" in shown
    assert trial_panes_shown(width, height, "curves", None)


def test_a_terminal_below_40x12_is_too_small() -> None:
    assert (too_small(40, 12), too_small(39, 12)) == ("", "39x12 is too small: need 40x12")


def test_the_line_of_keys_gives_up_the_least_needed_first() -> None:
    assert text_of(hints_line((*WISHES, *LOOKING, *AROUND), 80)) == (
        "space Pause  X Prune  u Undo  enter Open  / Filter  : Command  V Views  ? Keys"
    )


def test_a_fork_server_that_is_ready_is_no_warning() -> None:
    ready = EventRow(1.0, "server", None, "ready in 1.0 s", {"state": "ready"})

    assert [glyph(event).text for event in (ready, replace(ready, data={"state": "gone"}))] == ["@", "!"]


def test_sizes_have_one_unit() -> None:
    assert [size(n) for n in (None, 0, 143_360, 512 << 20, 61 << 30)] == ["–", "0M", "140K", "512M", "61G"]


def test_a_trials_screen_begins_with_why_it_is_not_complete() -> None:
    failed = replace(DONE, number=4, state="FAIL", reason="RuntimeError: \x1b[31mno", cause="crash")
    shown = snapshot(DONE, failed, RUNNING)

    assert text_of(why_line(shown, failed)) == "✗ failed    RuntimeError: no"
    assert (why_line(shown, DONE), why_line(shown, RUNNING)) == ((), ())


def test_the_line_of_keys_has_none_that_does_nothing_here() -> None:
    dead = {"toggle_pause", "prune", "undo"}
    assert text_of(hints_line((*WISHES, *LOOKING, *AROUND), 80, dead)).startswith("enter Open")


def test_a_value_that_is_nothing_to_see_is_quoted() -> None:
    assert [plain(value) for value in ("", "  ", "\x1b[2J", "a", None)] == ['""', '"  "', '""', "a", "–"]


def test_a_verdict_is_not_told_again_when_the_trial_then_ends() -> None:
    judged = EventRow(1.0, "judged", 7, "best 0.4 is above the median", {"verdict": "stop"}, 1)
    ended = EventRow(2.0, "ended", 7, "pruned at 0.4, as judged", {"state": "PRUNED"}, 2)
    by_hand = EventRow(3.0, "ended", 8, "pruned by you", {"state": "PRUNED"}, 3)
    started = EventRow(4.0, "started", 9, "forked", {}, 4)

    assert decisions([judged, ended, by_hand, started]) == [judged, by_hand]


def test_a_trial_that_its_rule_holds_is_not_told_twice() -> None:
    judged = EventRow(1.0, "judged", 7, "predicted 0.4 ± 0.1", {"verdict": "hold"}, 1)
    held = EventRow(2.0, "paused", 7, "held at its rung", {}, 2)
    by_hand = EventRow(3.0, "paused", 7, "paused by you", {}, 3)

    assert decisions([judged, held, by_hand]) == [judged, by_hand]


HELD = [
    TrialRow(n, "PAUSED", {"lr": 0.1}, why="rung", best=best, step=4) for n, best in ((5, 0.3), (6, 0.9), (7, None))
]


def test_the_first_of_fifteen_steps_is_a_fifteenth_and_the_last_one_all_of_it() -> None:
    shown = [progress(Facts(max_steps=15), replace(RUNNING, step=step)) for step in (None, 0, 7, 14, 15)]

    assert shown == ["–", "7%", "53%", "100%", "100%"]


def test_who_leads_is_known_before_any_trial_is_complete() -> None:
    going = merge(Snapshot(), Delta(Facts(direction="maximize", max_steps=20), tuple(HELD)), at=2.0, alive=True)

    assert ahead(going) == (6, 5)
    assert text_of(best_part(going)) == "so far 0.9000 #6"
    assert text_of(ahead_line(going, 6)) == " ~   0.9000     6  25%  lr 0.1"


def test_beside_complete_trials_only_those_ahead_of_the_best_are_shown() -> None:
    done = TrialRow(1, "COMPLETE", {}, value=0.5, ended_at=1.0)
    going = merge(Snapshot(), Delta(Facts(direction="maximize"), (done, *HELD)), at=2.0, alive=True)

    assert ahead(going) == (6,)
    assert text_of(best_part(going)) == "best 0.5000 #1"
    assert ahead(replace(going, alive=False)) == ()


def test_a_session_that_nobody_schedules_any_more_went_on_up_to_its_last_word() -> None:
    told = snapshot(RUNNING, DONE)
    gone = replace(told, alive=False, events=(EventRow(1030.0, "placed", 7, "", {}),), devices=())

    assert told.alive and told.now == told.at
    assert (gone.now, replace(gone, devices=(GPU,)).now) == (1030.0, GPU.at)


def test_trials_that_wait_for_their_rule_are_not_said_to_be_nobody() -> None:
    assert nothing(0, "median") == "nobody was held or cut: the pruner is median"
    said = "nobody was cut so far, and 1 trial is held: the pruner is auto; 7 of the session ranks them"
    assert nothing(1, "auto") == said
