"""The world that tests of pages stand on works itself."""

import pytest

from tests.web.world import STAGES, World


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_agreement_can_be_had_in_every_stage(world: World, stage: str) -> None:
    reference = world.agreement_in(stage)
    assert world.stage(reference) == stage
