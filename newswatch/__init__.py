"""The front door: the command line, all programs on one machine, the embedded broker, the demo."""
