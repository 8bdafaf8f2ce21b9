"""Each step from one shape of the database to the next, oldest first by `down_revision`. A step is never edited."""
