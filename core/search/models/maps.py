"""Where a kernel measures distances: in the features as they are, or in what a map makes of them.

A map is a fixed function with slopes; composed with a kernel it gives a kernel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hptui.core.search.protocol import Array


class FeatureMap(Protocol):
    @property
    def groups(self) -> tuple[int, ...]:
        """Which of the q columns share a length."""
        ...

    def forward(self, features: Array) -> Array:
        """(n, q) of features (n, p)."""
        ...

    def slopes(self, features: Array) -> Array:
        """(n, q, p) derivatives."""
        ...


@dataclass(frozen=True)
class Warp:
    """Each column by itself: u to 1 - (1 - u ** a) ** b, which stretches one end of a range and squeezes the other.

    a, b: (p,) exponents, above 0. Choices, whose columns are 0 or a constant, have 1 and 1.

    Source: Snoek, Swersky, Zemel & Adams 2014, with the distribution of Kumaraswamy 1980.
    """

    groups: tuple[int, ...]
    a: Array
    b: Array

    def forward(self, features: Array) -> Array:
        return np.asarray(1.0 - (1.0 - _inside(features) ** self.a) ** self.b)

    def slopes(self, features: Array) -> Array:
        u = _inside(features)
        by_u = self.a * self.b * u ** (self.a - 1.0) * (1.0 - u**self.a) ** (self.b - 1.0)
        return np.asarray(by_u[:, :, None] * np.eye(len(self.a)))


@dataclass(frozen=True)
class Cylinder:
    """How far from the middle, and in which direction: the faces of a large cube get no more room than its heart.

    Column 0 is the distance from `centre` (p,) over that of the corners, with a length of its own; the others are
    the direction, a unit vector over sqrt(2), and share one. At the centre itself the direction is all zeros.

    Source: Oh, Gavves & Welling 2018, section 3; here with the Matérn kernel of both parts.
    """

    centre: Array

    @property
    def groups(self) -> tuple[int, ...]:
        return (0, *(1 for _ in self.centre))

    @property
    def _corner(self) -> float:
        return math.sqrt(float((np.maximum(self.centre, 1.0 - self.centre) ** 2).sum()))

    def forward(self, features: Array) -> Array:
        away = features - self.centre
        radius = _radius(away)
        return np.hstack([radius / self._corner, away / radius * math.sqrt(0.5)])

    def slopes(self, features: Array) -> Array:
        away = features - self.centre
        radius = _radius(away)
        direction = away / radius
        across = np.eye(away.shape[1]) - direction[:, :, None] * direction[:, None, :]
        of_direction = across / radius[:, :, None] * math.sqrt(0.5)
        return np.concatenate([direction[:, None, :] / self._corner, of_direction], axis=1)


@dataclass(frozen=True)
class Embedding:
    """A random linear map to few columns: of many parameters, a few combinations are taken to matter.

    matrix: (q, p). Every point has its place, so trials that were tried outside of any subspace count too.

    Source: Wang et al. 2016, section 3, with the kernel of the embedded points (their eq. 4).
    """

    matrix: Array

    @property
    def groups(self) -> tuple[int, ...]:
        return tuple(range(len(self.matrix)))

    def forward(self, features: Array) -> Array:
        return np.asarray((features - 0.5) @ self.matrix.T)

    def slopes(self, features: Array) -> Array:
        return np.broadcast_to(self.matrix, (len(features), *self.matrix.shape))

    @staticmethod
    def drawn(columns: int, dim: int, seed: int) -> Embedding:
        """The same for the same seed. Rows are random directions of length 1."""
        matrix = np.random.default_rng([seed, columns, dim]).standard_normal((dim, columns))
        return Embedding(matrix / np.linalg.norm(matrix, axis=1, keepdims=True))


def _inside(features: Array) -> Array:
    """Off the ends, where slopes may be infinite."""
    return np.clip(features, 1e-6, 1.0 - 1e-6)


def _radius(away: Array) -> Array:
    return np.asarray(np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9))
