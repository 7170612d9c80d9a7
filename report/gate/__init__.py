"""The gate: is the newest run of each lab as good as its baseline, and does what must hold still hold?

Rules come from the configuration (`rules`), the reference from a named baseline, a file or the runs before (`baseline`,
`reference`). `judgement` turns both into a `Verdict`, a record without words of any language; `folder` writes it down
for people and machines. How often the gate is wrong is measured by `simulation`.
"""
