"""Statistics: counts of many learners, published so that nothing follows from them about one."""
