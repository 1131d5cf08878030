"""Public fakes: they obey the same contracts as the real things, which `tests/contracts` checks."""
