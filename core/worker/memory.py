"""Did it run out of memory, and whose: the GPU's or the machine's? Told by types and words, no library is imported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

Whose = Literal["GPU", "machine"]

_GPU_TYPES = ("OutOfMemoryError", "ResourceExhaustedError")  # torch, cupy; tensorflow
_GPU_WORDS = (
    "cuda out of memory", "hip out of memory", "cuda error: out of memory", "hip error: out of memory",
    "cuda_error_out_of_memory", "cudaerrormemoryallocation", "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed", "cusolver_status_alloc_failed", "cufft_alloc_failed",
    "resource_exhausted: out of memory", "failed to allocate memory on device", "outofmemoryerror: cuda",
    "outofmemoryerror: hip", "nccl_error: out of memory",
)  # fmt: skip
_MACHINE_WORDS = (
    "can't allocate memory", "cannot allocate memory", "std::bad_alloc", "memoryerror", "unable to allocate",
    "defaultcpuallocator", "out of memory",
)  # fmt: skip


def out_of_memory(error: BaseException) -> Whose | None:
    """None: it failed for another reason. What an error came from counts too: libraries wrap theirs."""
    for one in _chain(error):
        if type(one).__name__ in _GPU_TYPES:
            return "GPU"
        if isinstance(one, MemoryError):
            return "machine"
        if isinstance(one, (RuntimeError, OSError)) and (whose := in_words(str(one))):
            return whose
    return None


def in_words(text: str) -> Whose | None:
    """The same for what a program printed last."""
    low = text.lower()
    if any(word in low for word in _GPU_WORDS):
        return "GPU"
    return "machine" if any(word in low for word in _MACHINE_WORDS) else None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
