"""Have we told this story already?

`fingerprint_of` packs what makes a text recognisable, `StoryWindow` remembers the recent ones and places each
article in its story. Pure: the decision is a function of the annotations before it, in their order.
"""

from stream.stories.decision import Decision
from stream.stories.fingerprint import fingerprint_of
from stream.stories.window import StoryWindow

__all__ = ["Decision", "StoryWindow", "fingerprint_of"]
