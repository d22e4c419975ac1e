"""What the surfaces share: the stores behind them and who is asking."""

from dataclasses import dataclass

from flask import request
from joserfc.jwk import OKPKey

from databackpack.service.gate.credentials import Credential, authenticate
from databackpack.service.records.truth import TruthStore
from databackpack.service.views.registry import Views

__all__ = ["Context"]


@dataclass(frozen=True, slots=True)
class Context:
    """The truth store, its views and the key that signs tokens."""

    truth: TruthStore
    views: Views
    key: OKPKey

    def credential(self) -> Credential:
        """Return who sends the present request; raises Unauthenticated."""
        return authenticate(
            request.headers.getlist("Authorization"), self.key, self.views, self.truth.clock()
        )
