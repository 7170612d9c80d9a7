"""Claims: what a report says of a run, checked against the run.

A claim is a named pure function of a Result. It answers whether the sentence holds, and gives the numbers that decide
it. Over several seeds each seed is asked alone: the verdict is "true" when all agree, "some" when they differ. The
numbers in the sentence are those of the whole run (mean curves, mean scores).

A claim is defined in one place, by the decorator `labreport.claim`: its function, whether it is certain, its words. The
words of those shipped here stand together in `notes/claims.toml` of each language, for translators.
"""

from labreport.report.findings.claims.record import Claim, ClaimVerdict, UnknownClaimError, defined, names, state

__all__ = ["Claim", "ClaimVerdict", "UnknownClaimError", "defined", "names", "state"]
