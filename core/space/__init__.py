"""What may vary: parameters, conditions, and the way between the unit cube and the user's numbers.

`space` Space, the front door · `parameter` Float, Int, Categorical and their arithmetic · `conditions` who
depends on whom · `definitions` from what is written to parameters · `grid` counting and listing points ·
`reading` tables read with all their problems. Pure. May import: errors.
"""

from hptui.core.space.parameter import Categorical, Float, Int, Parameter, Prior, ScaledBy
from hptui.core.space.space import Space

__all__ = ["Categorical", "Float", "Int", "Parameter", "Prior", "ScaledBy", "Space"]
