"""Who may see what: the words of families and of the law, and the decision they add up to."""
