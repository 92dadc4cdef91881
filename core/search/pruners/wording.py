"""How a verdict words what it compared: in the user's sign, with enough digits to tell the numbers apart."""

from __future__ import annotations


def number(loss: float, sign: float, digits: int = 4) -> str:
    return f"{sign * loss + 0.0:.{digits}g}"  # + 0.0: no "-0"


def two_numbers(loss: float, mark: float, sign: float) -> tuple[str, str]:
    """Both losses as the user's numbers; they read differently unless they are the same."""
    if loss == mark:
        return number(loss, sign), number(mark, sign)
    for digits in range(4, 18):
        one, other = number(loss, sign, digits), number(mark, sign, digits)
        if one != other:
            break
    return one, other


def worse(sign: float) -> str:
    """The word for a higher loss."""
    return "above" if sign > 0 else "below"


def percent(chance: float) -> str:
    return f"{100 * chance:.0f} %" if chance >= 0.01 else "below 1 %"
