"""The cubes that are shipped: each conforms, and its query says what its definition says."""

from importlib.resources import as_file, files

import pytest
from rdflib import URIRef

from databackpack.ontology import graph as vocabulary
from databackpack.ontology.codes import concepts
from databackpack.ontology.namespaces import BP, BPD, QB, RDF, RDFS
from databackpack.queries import cubes
from databackpack.service.statistics.definition import read_file

HERE = files("databackpack.queries.cubes")


@pytest.mark.parametrize("name", cubes.names())
def test_a_cube_keeps_to_what_is_asked_of_an_agency(name: str) -> None:
    with as_file(HERE) as folder:
        assert read_file(folder / f"{name}.ttl", 10) == cubes.read(name)


@pytest.mark.parametrize("name", cubes.names())
def test_a_cube_is_named_as_its_file_and_made_of_terms_of_the_vocabulary(name: str) -> None:
    cube = cubes.read(name)
    assert cube.name == name
    assert cube.iri == URIRef(f"https://w3id.org/databackpack/cube#{name}")
    assert cube.categories <= set(concepts(BP.CategoryScheme))
    for dimension in cube.dimensions:
        assert (dimension.iri, RDF.type, QB.DimensionProperty) in vocabulary()
        assert dimension.label == str(vocabulary().value(dimension.iri, RDFS.label))
    assert (cube.measure == "share") == bool(cube.share_of)


def test_every_query_and_every_dimension_is_in_a_cube() -> None:
    found = [cubes.read(name) for name in cubes.names()]
    queries = {f.read_text(encoding="utf-8") for f in HERE.iterdir() if f.name.endswith(".rq")}
    assert {cube.query for cube in found} == queries
    used = {dimension.iri for cube in found for dimension in cube.dimensions}
    assert used == set(vocabulary().subjects(RDF.type, QB.DimensionProperty))
    assert all(iri.startswith(str(BPD)) for iri in used)


def test_an_unknown_cube_is_told_with_those_that_there_are() -> None:
    with pytest.raises(KeyError, match="growth"):
        cubes.read("shoe-sizes")
