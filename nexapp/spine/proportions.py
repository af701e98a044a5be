"""Whether two shares differ by more than chance: the test of two proportions."""

from __future__ import annotations

from math import sqrt

FEW = 30
"""Cases, below which a share says little."""

SURE = 1.96
"""Standard errors between two shares, beyond which chance alone goes one time in twenty."""

Share = tuple[int, int]
"""So many, of so many."""


def distance(one: Share, other: Share) -> float:
    """How many standard errors lie between the two; 0 where nothing can be said."""
    (hits, cases), (its_hits, its_cases) = one, other
    if not cases or not its_cases:
        return 0.0
    together = (hits + its_hits) / (cases + its_cases)
    error = sqrt(together * (1 - together) * (1 / cases + 1 / its_cases)) if 0 < together < 1 else 0.0
    return (hits / cases - its_hits / its_cases) / error if error else 0.0
