"""From articles to matches: who is named, and which story is it?"""
