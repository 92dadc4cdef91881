"""The most memory that this process had: torch's on a GPU, exact where looks from outside once a second may miss it;
and the machine's, where somebody asks for it."""

from __future__ import annotations

import resource
import sys

TORCH_PEAK = "torch_peak_bytes"
"""The attribute that keeps it. CUDA's own share, some hundred MiB, is not in it."""


def torch_peak_bytes() -> int | None:
    """On the GPU where it had most; None when torch has not used one, or can't say any more."""
    torch = sys.modules.get("torch")
    try:
        if torch is None or not torch.cuda.is_initialized():
            return None
        return max(int(torch.cuda.max_memory_reserved(device)) for device in range(torch.cuda.device_count())) or None
    except Exception:  # after some CUDA errors every call fails
        return None


def host_peak_bytes() -> int:
    """Resident at once in one process, libraries included: this one, or the largest of its children that ended."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) * 1024
