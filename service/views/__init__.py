"""Views: for each (audience, purpose) the triples that it may see, and nothing else."""
