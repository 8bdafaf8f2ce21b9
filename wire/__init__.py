"""The words and the wiring that all programs share: what goes over the wire, and how a process runs."""
