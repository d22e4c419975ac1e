"""``/audiences``: who may ask, for an operator who hands out tokens while the service runs."""

from flask import Blueprint, Response, jsonify

from databackpack.ontology.codes import local_name
from databackpack.service.web.context import Context

__all__ = ["blueprint"]


def blueprint(context: Context) -> Blueprint:
    """Return the surface over *context*."""
    surface = Blueprint("audiences", __name__)

    @surface.get("/audiences")
    def audiences() -> Response:
        context.operator()
        return jsonify(
            audiences=[
                {
                    "name": local_name(audience.iri),
                    "role": local_name(audience.role),
                    "purposes": sorted(audience.purposes),
                }
                for audience in context.views.audiences()
            ]
        )

    return surface
