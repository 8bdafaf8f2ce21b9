"""One small file for each group of commands: options in, a program's function called, its answer printed."""
