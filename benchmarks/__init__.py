"""How fast dialup is, and how much it needs, beside the programs people would use without it.

`python -m benchmarks` (or `make bench`) measures on this machine, writes every round into
`results.json`, and renders the table of `docs/benchmarks.md` from it.
"""
