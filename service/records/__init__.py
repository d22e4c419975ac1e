"""The truth store: everything that is held, whoever may see it."""
