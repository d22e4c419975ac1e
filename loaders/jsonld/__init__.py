"""JSON-LD files without the network: documents one by one, and what their terms mean.

`documents` reads a file of any size item by item and says where something is wrong with it.
`Contexts` expands a document by contexts that are here or in a folder of the user's: an address is
never fetched. `Node` walks over what was expanded, and knows the JSON path of each part.
"""

from databackpack.loaders.jsonld.context import Contexts
from databackpack.loaders.jsonld.document import Document, documents
from databackpack.loaders.jsonld.node import Node

__all__ = ["Contexts", "Document", "Node", "documents"]
