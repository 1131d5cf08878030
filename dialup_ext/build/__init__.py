"""From a folder to something that can be served: detect what it is, install what it needs."""
