"""Templates of reports, forms and notices: pages that stand for themselves, and plain texts."""

from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

__all__ = ["templates"]


@cache
def templates(package: str) -> Environment:
    """Return the templates of *package*, whose pages may extend ``standalone.html``.

    Values are escaped in pages (``.html``) and are as they are in texts; one that is missing is
    an error.
    """
    own, shared = PackageLoader(package), PackageLoader("databackpack.service")
    return Environment(
        loader=ChoiceLoader([own, shared]),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
