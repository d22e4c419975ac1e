"""Open Badges 3.0 and Comprehensive Learner Records 2.0 → issuers and learners' records.

| the credential's | becomes | held by |
|---|---|---|
| issuer | an organisation of its own, a provider | |
| achievement of type Course | a course on the transcript with its grade and credits | the issuer |
| … Assessment, Assignment | a local test result for each result | the issuer |
| … CommunityService, where a result counts hours | service | the issuer |
| … Competency | a recognition, and each standard as met | the issuer |
| … any other type | a recognition with its alignments and its end | the issuer |
| results besides the grade of a course | local test results | the issuer |
| evidence | works in the portfolio | the issuer |

Both forms are read, VC 1.1 and 2.0, as JSON-LD and as a compact signed token, and credentials
within a CLR one by one: what is wrong with one keeps out that one only. Terms mean what the bundled
contexts say; nothing is fetched. A learner is known by the state's identifier where an identity
gives it, else by the DID or IRI of the subject (``did:…``, ``ob:…``).

A proof that is there is checked: see ``docs/credentials.md``. What has no place is named, once for
each file.
"""

from databackpack.loaders.credentials.reading import gather, read

__all__ = ["gather", "read"]
