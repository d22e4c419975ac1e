"""The service: truth store, policy, views, gate, HTTP and the command line."""
