"""The contexts that are read without asking anybody: one file each, terms with their IRIs."""
