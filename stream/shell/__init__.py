"""The I/O around the stream's engines: Faust, watchlists as they are edited, the window's files, dead letters."""
