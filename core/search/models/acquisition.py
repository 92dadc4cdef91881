"""What a point promises: the logarithm of its expected improvement.

The logarithm keeps a slope where the improvement itself underflows to 0 (Ament et al. 2023).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erfcx, log_ndtr

from hptui.core.search.protocol import Array

_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def log_h(z: Array) -> Array:
    """log(pdf(z) + z cdf(z)), to full precision for any z. Source: Ament et al. 2023, eq. 9 and 14."""
    z = np.asarray(z, float)
    near = np.maximum(z, -1.0)
    cdf = np.exp(log_ndtr(near))
    above = np.log(np.exp(-0.5 * near * near - _HALF_LOG_2PI) + near * cdf)
    far = np.minimum(z, -1.0)
    # 1 - |z| sqrt(pi/2) erfcx(|z| / sqrt 2) loses its digits beyond |z| of about 1e4, where it is 1 / z^2
    tail = 1.0 + far * math.sqrt(math.pi / 2) * erfcx(-far / math.sqrt(2))
    safe = np.where(far < -1e4, 1.0 / (far * far), np.maximum(tail, 1e-300))
    below = -0.5 * far * far - _HALF_LOG_2PI + np.log(safe)
    return np.where(z > -1.0, above, below)


def log_expected_improvement(mean: Array, sd: Array, best: Array | float) -> Array:
    """The log of how far below `best` a normal loss is expected to land.

    Source: Jones, Schonlau & Welch 1998, eq. 15, as log(sd) + log_h((best - mean) / sd).
    """
    return np.log(sd) + log_h((best - mean) / sd)


def log_ei_slopes(mean: Array, sd: Array, best: Array | float) -> tuple[Array, Array, Array]:
    """log EI, and its derivatives by `mean` and by `sd`."""
    z = (best - mean) / sd
    h = log_h(z)
    by_z = np.exp(log_ndtr(z) - h)  # h' = cdf
    return np.log(sd) + h, -by_z / sd, (1.0 - z * by_z) / sd
