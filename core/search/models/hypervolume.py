"""What several losses at once say: which points nobody beats, and how much they have gained together.

The hypervolume of a set is the measure of all that is at least as bad as one of its points, up to a reference point.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from hptui.core.search.protocol import Array


def front(losses: Array) -> NDArray[np.bool_]:
    """(n,) the rows of (n, k) that no other row is as good as everywhere and better than somewhere.

    Equal rows are there together. A row with a NaN is never there.
    """
    n = len(losses)
    member = np.zeros(n, bool)
    order = np.lexsort(losses.T[::-1])  # whoever beats a row comes before it
    kept: list[int] = []
    for row in order.tolist():
        here = losses[row]
        if np.isnan(here).any():
            continue
        best = losses[kept]
        if not np.any(np.all(best <= here, axis=1) & np.any(best < here, axis=1)):
            kept.append(row)
    member[kept] = True
    return member


def fronts(losses: Array) -> NDArray[np.int64]:
    """(n,) the number of each row's front: 0 for what nobody beats, 1 for what nobody beats but those, and so on.

    losses: (n, k), without NaN. Source: Zhang, Tian, Cheng & Jin 2015, "ENS", algorithm 3 (by binary search).
    """
    found = np.zeros(len(losses), np.int64)
    made: list[list[int]] = []
    for row in np.lexsort(losses.T[::-1]).tolist():  # whoever beats a row comes before it
        here, low, high = losses[row], 0, len(made)
        while low < high:  # beaten in one front means beaten in all before it
            middle = (low + high) // 2
            best = losses[made[middle]]
            beaten = bool((np.all(best <= here, axis=1) & np.any(best < here, axis=1)).any())
            low, high = (middle + 1, high) if beaten else (low, middle)
        if low == len(made):
            made.append([])
        made[low].append(row)
        found[row] = low
    return found


def hypervolume(losses: Array, reference: Array) -> float:
    """The volume between the points (n, k) and the reference (k,); points that are not below it add nothing.

    Exact, slice by slice: While et al. 2006, section 3.
    """
    inside = losses[np.all(losses < reference, axis=1)]
    if not len(inside):
        return 0.0
    if inside.shape[1] == 1:
        return float(reference[0] - inside.min())
    inside = inside[front(inside)]
    inside = inside[np.argsort(inside[:, -1], kind="stable")]
    ends = np.append(inside[1:, -1], reference[-1])
    return float(
        sum(
            (end - start) * hypervolume(inside[: i + 1, :-1], reference[:-1])
            for i, (start, end) in enumerate(zip(inside[:, -1], ends, strict=True))
            if end > start
        )
    )


def boxes(losses: Array, reference: Array) -> tuple[Array, Array]:
    """Lower (b, k) and upper corners (b, k) of disjoint boxes: all below the reference that no point has reached.

    A lower corner may be -inf.
    """
    inside = losses[np.all(losses < reference, axis=1)]
    k = len(reference)
    if k == 1:
        best = float(inside.min()) if len(inside) else float(reference[0])
        return np.array([[-np.inf]]), np.array([[best]])
    inside = inside[np.argsort(inside[:, -1], kind="stable")]
    edges = np.concatenate([[-np.inf], inside[:, -1], [reference[-1]]])
    lowers: list[Array] = []
    uppers: list[Array] = []
    for i in range(len(inside) + 1):
        if edges[i + 1] <= edges[i]:
            continue
        known = inside[:i, :-1]
        lower, upper = boxes(known[front(known)] if i else known, reference[:-1])
        lowers.append(np.column_stack([lower, np.full(len(lower), edges[i])]))
        uppers.append(np.column_stack([upper, np.full(len(upper), edges[i + 1])]))
    return np.vstack(lowers), np.vstack(uppers)


def expected_improvement(mean: Array, sd: Array, lower: Array, upper: Array) -> Array:
    """(m,) the volume that points with independent normal losses are expected to add.

    mean, sd: (m, k). lower, upper: (b, k) of `boxes`.
    Source: the expectation of each box is a product over objectives, Yang et al. 2019, eq. 15 to 18.
    """
    gain = np.ones((len(mean), len(lower)))
    for j in range(mean.shape[1]):
        reached = _below(mean[:, j, None], sd[:, j, None], upper[None, :, j])
        finite = np.where(np.isfinite(lower[:, j]), lower[:, j], 0.0)[None, :]
        before = np.where(np.isfinite(lower[None, :, j]), _below(mean[:, j, None], sd[:, j, None], finite), 0.0)
        gain *= np.maximum(reached - before, 0.0)
    return np.asarray(gain.sum(axis=1))


def _below(mean: Array, sd: Array, bound: Array) -> Array:
    """How far a normal loss is expected to land below `bound`: E max(bound - Y, 0)."""
    z = (bound - mean) / sd
    return np.asarray((bound - mean) * ndtr(z) + sd * np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi))
