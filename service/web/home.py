"""``/``: a page that says what this is and lets a person run a question of the catalogue."""

from flask import Blueprint, render_template

from databackpack import queries
from databackpack.service.web.context import Context

__all__ = ["blueprint"]


def blueprint(_: Context) -> Blueprint:
    """Return the surface; its page asks ``/questions`` with the visitor's own token."""
    surface = Blueprint(
        "home",
        __name__,
        static_folder="static",
        static_url_path="/static",
        template_folder="templates",
    )

    @surface.get("/")
    def home() -> str:
        found = [queries.read(name) for name in queries.names()]
        return render_template("home.html", questions=found)

    return surface
