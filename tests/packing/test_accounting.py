"""Lanes and GPU-hours: every second is somewhere, and only once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hptui.core.review.accounting import Account, account
from hptui.core.review.lanes import Lane, Span, lanes
from hptui.core.review.pruning import Saved
from hptui.core.store.rows import DeviceRow, EventRow, TrialRow


def row(number: int, state: str, start: float, end: float | None, device: str = "GPU-0") -> TrialRow:
    busy = (end or start) - start
    return TrialRow(number, state, {}, device=device, slot=0, started_at=start, ended_at=end, busy_s=busy)


def told(at: float, kind: str, trial: int | None = None, **data: Any) -> EventRow:
    return EventRow(at, kind, trial, "", data)


def life(number: int, start: float, end: float, device: str = "GPU-0", slot: int = 0) -> list[EventRow]:
    return [
        told(start, "starting", number, device=device, slot=slot), told(start, "started", number),
        told(end, "ended", number),
    ]  # fmt: skip


def test_a_pause_is_a_gap_in_its_lane() -> None:
    events = [
        *life(0, 1.0, 9.0)[:2], told(3.0, "paused", 0), told(5.0, "resumed", 0, device="GPU-0", slot=0),
        told(9.0, "ended", 0),
    ]  # fmt: skip

    assert lanes([row(0, "COMPLETE", 1.0, 9.0)], events, 20.0) == (
        Lane("GPU-0", 0, (Span(0, 1.0, 3.0, "COMPLETE"), Span(0, 5.0, 9.0, "COMPLETE"))),
    )


def test_a_trial_on_two_gpus_is_in_both_lanes_and_one_that_runs_ends_now() -> None:
    events = life(3, 1.0, 2.0, device="GPU-0,GPU-1")[:2]

    assert lanes([row(3, "RUNNING", 1.0, None)], events, 4.0) == (
        Lane("GPU-0", 0, (Span(3, 1.0, 4.0, "RUNNING"),)), Lane("GPU-1", 0, (Span(3, 1.0, 4.0, "RUNNING"),)),
    )  # fmt: skip


def test_a_trial_whose_events_are_not_at_hand_counts_from_its_row() -> None:
    assert lanes([row(0, "FAIL", 1.0, 2.0)], [], 9.0) == (Lane("GPU-0", 0, (Span(0, 1.0, 2.0, "FAIL"),)),)


def test_gpu_hours_say_what_was_useful_pruned_lost_and_idle() -> None:
    trials = [
        row(0, "COMPLETE", 2.0, 10.0), row(1, "PRUNED", 2.0, 6.0, device="GPU-1"),
        row(2, "FAIL", 7.0, 8.0, device="GPU-1"), row(3, "COMPLETE", 10.0, 14.0),
    ]  # fmt: skip
    events = [
        told(0.0, "opened"), *life(0, 2.0, 10.0)[:2], *life(1, 2.0, 6.0, "GPU-1"), *life(2, 7.0, 8.0, "GPU-1"),
        told(10.0, "ended", 0), *life(3, 10.0, 14.0), told(14.0, "finished"),
    ]  # fmt: skip
    devices = [DeviceRow("GPU-0", "a", 0.0), DeviceRow("GPU-1", "b", 0.0)]

    found = account(trials, events, devices, 14.0, 4, Saved(4, 10, 4.0, 10.0))

    # idle until the last start at 10: both 2 s while it started up, then GPU-1 from 6 to 7 and from 8 to 10
    assert found == Account("GPU", 2, 12.0, 4.0, 0.0, 1.0, 6.0, idle_s=7.0, boot_s=4.0)
    assert found.idle_share == pytest.approx(3 / 20)


def test_a_shared_gpu_is_split_among_those_who_share_it() -> None:
    trials = [row(0, "COMPLETE", 0.0, 4.0), row(1, "FAIL", 2.0, 4.0)]
    events = [told(0.0, "opened"), *life(0, 0.0, 4.0)[:2], *life(1, 2.0, 4.0, slot=1), told(4.0, "ended", 0)]

    found = account(trials, sorted(events, key=lambda event: event.at), [], 4.0)

    assert (found.useful_s, found.failed_s, found.idle_s) == (3.0, 1.0, 0.0)


def test_a_gpu_that_was_left_behind_is_idle_no_more() -> None:
    trials = [row(0, "COMPLETE", 0.0, 4.0), row(1, "COMPLETE", 0.0, 9.0, "GPU-1")]
    parts = [told(0.0, "opened"), *life(0, 0.0, 4.0), *life(1, 0.0, 9.0, "GPU-1")]
    events = sorted(parts, key=lambda event: event.at)
    gone = DeviceRow("GPU-0", "a", 4.0, slots=0, note="this session does not use it any more")

    assert account(trials, events, [DeviceRow("GPU-0", "a", 4.0)], 9.0).idle_s == 5.0
    assert account(trials, events, [gone], 9.0).idle_s == 0.0


def test_a_pause_of_the_session_is_not_idle_time() -> None:
    trials = [row(0, "COMPLETE", 0.0, 1.0), row(1, "RUNNING", 10.0, None)]
    events = [
        told(0.0, "opened"), *life(0, 0.0, 1.0), told(1.0, "paused"), told(9.0, "resumed"), *life(1, 10.0, 0.0)[:2],
    ]  # fmt: skip

    found = account(trials, events, [], 12.0)

    assert (found.idle_s, found.boot_s, found.running_s) == (1.0, 1.0, 2.0)


def test_a_gpu_that_the_user_drained_is_not_idle() -> None:
    trials = [row(0, "COMPLETE", 0.0, 4.0), row(1, "COMPLETE", 0.0, 20.0, "GPU-1")]
    drained = [
        told(2.0, "gpu-closed", device="GPU-0", drained=True), told(3.0, "gpu-closed", device="GPU-0", drained=True),
        told(12.0, "gpu-opened", device="GPU-0", drained=True), told(15.0, "gpu-closed", device="GPU-0", drained=False),
    ]  # fmt: skip
    parts = [told(0.0, "opened"), *life(0, 0.0, 4.0), *life(1, 0.0, 20.0, "GPU-1"), *drained]
    events = sorted(parts, key=lambda event: event.at)

    # 4 to 12 was the user's wish; one that is set aside, from 15 on, is idle
    assert account(trials, events, [], 20.0).idle_s == 8.0
    # one that was drained before anything ran there
    never = [*events[:1], told(0.0, "gpu-closed", device="GPU-2", drained=True), *events[1:]]
    assert account(trials, never, [DeviceRow("GPU-2", "c", 0.0)], 20.0).idle_s == 8.0


def test_time_left_goes_by_the_latest_ends() -> None:
    trials = [row(n, "COMPLETE", float(n), n + 1.0) for n in range(10)]

    assert account(trials, [], [], 11.0, 40).left_s == pytest.approx(30 * (11.0 - 1.0) / 10)
    assert account(trials, [], [], 11.0).left_s is None


spans = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(0, 30), st.integers(1, 10), st.sampled_from(["COMPLETE", "PRUNED", "FAIL"])
    ),
    max_size=8,
)  # fmt: skip


@settings(max_examples=60)
@given(spans=spans)
def test_every_second_is_counted_once(spans: list[tuple[int, int, int, str]]) -> None:
    """Against a count second by second."""
    trials = [row(n, s, float(a), float(a + d), f"GPU-{g}") for n, (g, a, d, s) in enumerate(spans)]
    parts = [event for n, (g, a, d, _) in enumerate(spans) for event in life(n, float(a), float(a + d), f"GPU-{g}", n)]
    events = sorted([told(0.0, "opened"), *parts], key=lambda event: event.at)

    found = account(trials, events, [], 50.0)

    seconds = [(g, t) for g in {g for g, *_ in spans} for t in range(50)]
    busy = {(g, t): [s for k, a, d, s in spans if k == g and a <= t < a + d] for g, t in seconds}
    shares = [(one.count("COMPLETE") / len(one), one.count("FAIL") / len(one)) for one in busy.values() if one]
    assert found.useful_s == pytest.approx(sum(complete for complete, _ in shares))
    assert found.failed_s == pytest.approx(sum(failed for _, failed in shares))
    assert found.spent_s == pytest.approx(sum(bool(one) for one in busy.values()))
    assert found.spent_s == pytest.approx(found.useful_s + found.pruned_s + found.failed_s)
    assert found.spent_s + found.idle_s == pytest.approx(50.0 * found.places)
    assert found.idle_s == pytest.approx(sum(not one for one in busy.values()))
