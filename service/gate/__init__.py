"""The gate: credentials → protocol → guard → answer → results, the one way to a view."""
