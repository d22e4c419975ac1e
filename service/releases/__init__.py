"""Releases: what a study is given of many learners, so that nobody finds one of them in it."""
