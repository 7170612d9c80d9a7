"""Claims: what a report says of a run, checked against the run.

A claim is a named pure function of a Result. It answers whether the sentence holds, and gives the numbers that decide
it. Over several seeds each seed is asked alone: the verdict is "true" when all agree, "some" when they differ. The
numbers in the sentence are those of the whole run (mean curves, mean scores). The wording of each verdict lies in
`templates/notes/<language>/claims.toml`.
"""

from labreport.report.findings.claims.record import Answer, Claim, Verdict, names, state

__all__ = ["Answer", "Claim", "Verdict", "names", "state"]
