"""Student's and the normal distribution, as SciPy's statistics give them, without the second that these take to load.

`scipy.stats` asks the same functions of `scipy.special`, so the numbers are the same to the last digit.
"""

from __future__ import annotations


def student_p(statistic: float, freedom: int) -> float:
    """Return the two-sided p of a t statistic with these degrees of freedom."""
    from scipy import special

    return float(2 * special.stdtr(freedom, -abs(statistic)))


def student_quantile(share: float, freedom: int) -> float:
    """Return the t that this share of Student's distribution lies below."""
    from scipy import special

    return float(special.stdtrit(freedom, share))


def normal_quantile(share: float) -> float:
    """Return the value that this share of the standard normal distribution lies below."""
    from scipy import special

    return float(special.ndtri(share))
