"""Pixels of scenes' files on a grid. What does not belong here: which scenes (`sources`), and what is made of them."""
