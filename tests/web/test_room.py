"""How much may be on record of one learner: what opens is refused beyond it, what closes is not."""

import pytest

from databackpack.service.rights import setting
from tests.web.asking import Web, cell


def test_beyond_the_most_events_a_family_can_close_and_not_open(
    web: Web, child: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = cell(child, "gradebook", "state-agency")
    epoch = web.say("guardian", path, "aggregate")
    monkeypatch.setattr(setting, "MOST_EVENTS", 1)
    refused = web.put("guardian", path, '{"level": "full"}')
    assert refused.status == 400
    assert "consent record" in refused.json["detail"]
    assert web.say("guardian", path, "none") > epoch
    monkeypatch.undo()
    web.say("guardian", path, "full")  # no higher than the law gives: as before
