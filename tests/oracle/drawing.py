"""How the oracle's worlds are drawn."""

from hypothesis import HealthCheck, Phase, settings

__all__ = ["DRAWN"]

DRAWN = settings(
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a shrunk case is worth minutes only to whoever mends it
    suppress_health_check=list(HealthCheck),
)
