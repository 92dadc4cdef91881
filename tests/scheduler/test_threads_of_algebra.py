"""A process that looks computes with one thread; what it starts has the threads that it was given."""

from __future__ import annotations

import os

import pytest

from hptui.core.scheduler import one_thread


def test_a_process_that_looks_has_one_thread_and_what_it_starts_as_many_as_were_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(one_thread, "_given", {})
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("MKL_NUM_THREADS", "7")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")  # and is put back as it was

    one_thread.from_now_on()
    one_thread.from_now_on()

    assert [os.environ[name] for name in one_thread.THREADS] == ["1", "1", "1"]
    given = one_thread.environment_given()
    assert (given["OMP_NUM_THREADS"], given["MKL_NUM_THREADS"]) == ("7", "7")
    assert "OPENBLAS_NUM_THREADS" not in given and given["PATH"] == os.environ["PATH"]
