"""The demo's newsroom: invented outlets with feeds on a fast clock, and the answer key to what they publish.

Every outlet, firm, product, place and person in it is fictional.
"""
