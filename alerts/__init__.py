"""From matches to people: once per story, and nothing lost."""
