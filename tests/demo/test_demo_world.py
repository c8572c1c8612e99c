"""The demonstration world: every stage, deterministic by seed, lived through by the services."""

import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pytest
from sqlalchemy import text

from dsa.adapters.verification import verify
from dsa.composition import open_context, publish_definitions
from dsa.config import Settings
from dsa.demo import AGREEMENTS, fates, world
from dsa.demo.answers import whole
from dsa.demo.bodies import BODIES, BY_CODE
from dsa.demo.past_fates import changed_at
from dsa.demo.themes import PERSONAL, STATISTICS, Theme
from dsa.domain.checking import judge
from dsa.domain.integrity import event_hash
from dsa.persistence import heads, migrating, work
from dsa.persistence.session import Database
from dsa.services import demo_documents
from dsa.services.context import Context
from tests.form.samples import bodies, form

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
SMALL = 22
STAGES = {
    "start", "first_look", "drafting", "check_draft", "review", "board", "text_agreed", "sign_off", "signed",
    "preparing", "in_use", "review_due", "suspended", "ended", "data_destroyed", "closed", "withdrawn", "rejected",
    "superseded",
}  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A small world."""

    ctx: Context


def make(directory: Path, *, seed: int, agreements: int = SMALL) -> Context:
    database = Database(f"sqlite:///{directory}/dsa.sqlite3", synchronous="OFF")
    ctx = open_context(Settings(data_dir=directory, demo=True), database=database)
    migrating.upgrade(database)
    publish_definitions(ctx)
    world.fill(ctx, form(), agreements=agreements, seed=seed, now=NOW)
    return ctx


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    with pytest.MonkeyPatch.context() as patch:
        unreal = tuple(replace(fate, real=False) if fate.ends == "signed" else fate for fate in fates.FATES)
        quick = tuple(replace(fate, real=False, done=0.0) if fate.ends == "sign_off" else fate for fate in unreal)
        patch.setattr(fates, "FATES", quick)
        ctx = make(tmp_path_factory.mktemp("world"), seed=1)
        yield Made(ctx)
        ctx.database.close()


def rows(ctx: Context, sql: str) -> list[tuple[object, ...]]:
    with ctx.database.reading() as session:
        return [tuple(row) for row in session.execute(text(sql))]


def themes() -> list[tuple[Theme, str, str]]:
    return [(t, giver, taker) for t in (*PERSONAL, *STATISTICS) for giver in t.givers for taker in t.takers]


@pytest.mark.parametrize(("theme", "giver", "taker"), themes(), ids=lambda value: getattr(value, "title", value))
def test_a_theme_makes_a_complete_agreement_that_nothing_blocks(theme: Theme, giver: str, taker: str) -> None:
    day = NOW.date()
    answers = whole(theme, BY_CODE[giver], BY_CODE[taker], lead=BY_CODE[taker], needed=day, made=day)
    found = judge(form(), answers, facts={"today": day.isoformat()}, bodies=bodies())
    assert found.may_go_forward, [one.message for one in found.report.findings]
    assert found.tier.route == ("standard" if theme.personal else "fast")
    assert not [one for one in found.report.findings if one.rule in ("R53", "R55")]


def test_lengths_are_a_stratified_sample_of_the_quantiles_from_before() -> None:
    months = sorted(d / fates.DAYS_A_MONTH for d in fates.lengths(fates.fates(66), random.Random(1)))
    assert months[33] == pytest.approx(6.3, rel=0.1)
    assert months[6] == pytest.approx(2.7, rel=0.1)
    assert months[59] == pytest.approx(15.1, rel=0.1)
    assert months[-1] > 20


def test_at_least_sixty_agreements_with_every_stage_and_every_state_beside() -> None:
    ends = Counter(fate.ends for fate in fates.fates(60))
    assert set(ends) >= STAGES | {"on_hold"}
    assert {fate.returned for fate in fates.fates(60)} == {0, 1, 2}
    assert len({fate.hold for fate in fates.fates(60)} - {""}) >= 8


def test_the_main_organisation_has_a_past_in_which_it_became_quicker() -> None:
    lives = [life for life in world.plan(AGREEMENTS, seed=1, now=NOW) if life.fate.begun]
    assert all(world.MAIN in (body.code for body in life.bodies) for life in lives)
    assert all(life.start <= NOW and life.stays[-1].days >= 1 for life in lives)
    changed = changed_at(NOW)
    signed: dict[bool, list[float]] = {False: [], True: []}
    for life in lives:
        if life.fate.ends in ("in_use", "closed"):
            signed[life.start >= changed].append(life.fate.days)
    # twenty are the floor below which the figures of an organisation say nothing
    assert min(map(len, signed.values())) >= 20
    assert median(signed[True]) < 0.6 * median(signed[False])


def test_at_least_fourteen_organisations_from_three_calendars_with_an_auditor_whose_time_ends(small: Made) -> None:
    assert len(BODIES) >= 14
    assert {body.nation for body in BODIES} == {"ENG", "WLS", "SCT", "NIR"}
    assert len(rows(small.ctx, "select id from organisations")) == len(BODIES) + 1
    auditor = rows(
        small.ctx,
        "select a.ends_on from posts p join appointments a on a.post_id = p.id where p.sees_all = 1",
    )
    assert len(auditor) == 1
    assert auditor[0][0] is not None


def test_every_stage_is_there_and_every_agreement_is_marked_synthetic(small: Made) -> None:
    assert {stage for (stage,) in rows(small.ctx, "select stage from agreements")} >= STAGES
    assert rows(small.ctx, "select distinct is_synthetic, is_example from agreements") == [(1, 1)]
    assert rows(small.ctx, "select count(*) from agreements where on_hold = 1") == [(1,)]


def test_every_event_is_simulated_and_hangs_in_its_chain(small: Made) -> None:
    prev: dict[object, str] = {}
    for agreement, body, before, digest in rows(
        small.ctx, "select agreement_id, body, prev, hash from events order by agreement_id, seq"
    ):
        assert '"simulated":true' in str(body)
        assert prev.get(agreement, before) == before
        assert event_hash(str(before), str(body).encode()) == digest
        prev[agreement] = str(digest)


def test_nothing_happened_after_now_or_at_night(small: Made) -> None:
    for (at,) in rows(small.ctx, "select recorded_at from events"):
        moment = datetime.fromtimestamp(int(str(at)), UTC)
        assert moment <= NOW
        assert 7 <= moment.hour <= 18


def test_no_open_task_is_without_somebody_able_to_do_it(small: Made) -> None:
    stranded = rows(
        small.ctx,
        "select t.id from tasks t where t.status = 'open' and not exists (select 1 from posts p join appointments a "
        "on a.post_id = p.id where p.organisation_id = t.organisation_id and p.role = t.role)",
    )
    assert stranded == []


def test_the_same_seed_gives_the_same_world_and_another_seed_another(tmp_path: Path) -> None:
    found = []
    for number, seed in enumerate((5, 5, 6)):
        directory = tmp_path / str(number)
        directory.mkdir()
        ctx = make(directory, seed=seed, agreements=6)
        found.append(rows(ctx, "select reference, title, stage, head_hash from agreements order by id"))
        ctx.database.close()
    assert found[0] == found[1]
    assert found[0] != found[2]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_document_signed_in_the_past_is_made_on_first_request_and_verifies(small: Made) -> None:
    (reference, signers) = rows(
        small.ctx,
        "select a.reference, (select count(*) from signatures s where s.agreement_id = a.id) from agreements a "
        "where a.stage = 'in_use' limit 1",
    )[0]

    def document() -> object:
        with small.ctx.database.reading() as session:
            loaded = heads.load(session, str(reference))
            assert loaded is not None
            return work.document(session, loaded.head.id, loaded.head.locked_version_id)

    assert demo_documents.is_deferred(document())
    assert demo_documents.make_deferred(small.ctx, str(reference))
    made = document()
    assert not demo_documents.is_deferred(made)
    assert not demo_documents.make_deferred(small.ctx, str(reference))
    data = small.ctx.files.get(made.current_sha256)  # type: ignore[attr-defined]
    assert hashlib.sha256(data).hexdigest() == made.current_sha256  # type: ignore[attr-defined]
    root = small.ctx.root_pem()
    assert root is not None
    found = verify(data, roots=[root])
    assert (found.verdict, found.example) == ("genuine", True)
    assert len([one for one in found.signatures if one.kind == "person"]) == signers
    last = rows(
        small.ctx, "select body from events where kind = 'DocumentSealed' order by recorded_at desc, seq desc limit 1"
    )
    assert '"made_on_request":true' in str(last[0][0])
