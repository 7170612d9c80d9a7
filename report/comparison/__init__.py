"""Comparing two versions: what changed, and whether it is more than chance.

Results go in, a `Comparison` comes out (`compare`), a record without words of any language; `report` turns it into the
same Report type as a single run, so that there is one renderer. What A and B may be on the command line is the business
of `inputs`.
"""
