"""What dialup does, one verb per file. Plain functions on a `Context`; they block."""
