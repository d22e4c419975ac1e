"""Persons and organisations in JSON-LD with terms of CEDS → organisations and learners' records.

| CEDS | becomes | held by |
|---|---|---|
| K12School, LocalEducationAgency, StateEducationAgency | organisations | |
| Organization with one of these types | an organisation of that kind | |
| PersonName, PersonIdentification | identity | who committed the record |
| PersonBirth, PersonSexGender | demographics | who committed the record |
| K12StudentEnrollment, Enrollment | enrollment | the organisation that committed it |

Which terms these are stands in ``terms.csv``, which options in ``options.csv``; the classes of
organisations are those that the vocabulary calls close to ours. Both namespaces of CEDS count as
one, and names of terms, which some files write, as the terms. Contexts are taken from the folder of
the file and from *contexts*; nothing is fetched.

A learner is known by the state's identifier (``state:…``), else by one of a district or a school,
scoped by who committed it (``ceds:…``). Social security numbers and identifiers of staff are not
read. Whatever else a file says is named, once for each file.
"""

from databackpack.loaders.ceds.reading import gather, read

__all__ = ["gather", "read"]
