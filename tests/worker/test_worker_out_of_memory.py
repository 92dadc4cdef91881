"""Whose memory ran out, told from an error or from what a program printed last."""

from __future__ import annotations

import pytest

from hptui.core.worker.memory import in_words, out_of_memory

WORDS = [
    ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB.", "GPU"),
    ("RuntimeError: CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported", "GPU"),
    ("RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", "GPU"),
    ("RuntimeError: cuDNN error: CUDNN_STATUS_ALLOC_FAILED", "GPU"),
    ("RuntimeError: HIP out of memory. Tried to allocate 2 GiB", "GPU"),
    ("XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 1073741824 bytes", "GPU"),
    ("RuntimeError: [enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory", "machine"),
    ("terminate called after throwing an instance of 'std::bad_alloc'", "machine"),
    ("OSError: [Errno 12] Cannot allocate memory", "machine"),
    ("numpy._core._exceptions._ArrayMemoryError: Unable to allocate 8.00 TiB for an array", "machine"),
    ("Segmentation fault (core dumped)", None),
    ("RuntimeError: CUDA error: device-side assert triggered", None),
    ("ValueError: the memory of the model is out of date", None),
]


@pytest.mark.parametrize(("text", "whose"), WORDS)
def test_words_tell_whose_memory_ran_out(text: str, whose: str | None) -> None:
    assert in_words(text) == whose
    assert out_of_memory(RuntimeError(text)) == whose


class OutOfMemoryError(MemoryError):
    """As cupy's: a GPU's, though it is a MemoryError."""


def test_the_type_tells_too_and_so_does_what_an_error_came_from() -> None:
    assert out_of_memory(MemoryError()) == "machine"
    assert out_of_memory(OutOfMemoryError("1 GiB")) == "GPU"
    assert out_of_memory(OSError(12, "Cannot allocate memory")) == "machine"
    wrapped = ValueError("training failed")
    wrapped.__cause__ = OutOfMemoryError()
    assert out_of_memory(wrapped) == "GPU"
    assert out_of_memory(ValueError("out of memory")) is None  # any text may stand in one


def test_torch_raises_what_is_looked_for() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(RuntimeError) as raised:
        torch.empty(1 << 50)
    assert out_of_memory(raised.value) == "machine"
    assert out_of_memory(torch.OutOfMemoryError("CUDA out of memory")) == "GPU"
