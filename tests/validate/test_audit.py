"""The part `audit`: planted shares and planted copies, on Gaussian features."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lab.validate.audit import privacy, shares
from lab.validate.audit.features import Pool


def quiet(line: str) -> None:
    pass


@pytest.fixture(scope="module")
def pool() -> Pool:
    """Ten classes that overlap a little in 16 dimensions."""
    rng = torch.Generator().manual_seed(0)
    classes = torch.arange(3_000) % 10
    features = 3.5 * torch.eye(10, 16)[classes] + torch.randn(3_000, 16, generator=rng)
    noisy = features + 0.05 * torch.randn(features.shape, generator=rng)
    return Pool(features, noisy, features + 1.5, classes, tuple(map(str, range(10))))


@pytest.fixture(scope="module")
def planted(pool: Pool) -> list[shares.Measured]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    measured = shares.measured(pool, 2, quiet)
    torch.set_num_threads(threads)
    return measured


def test_planted_shares_are_within_their_intervals(planted: list[shares.Measured]) -> None:
    held = np.concatenate([one.held.ravel() for one in planted])
    assert held.size == 4 * 9 * 2
    assert held.mean() > 0.85
    plain = np.concatenate([one.held_uncorrected.ravel() for one in planted])
    assert plain.mean() < 0.75


def test_the_claim_follows_the_rate(planted: list[shares.Measured]) -> None:
    all_held = [one._replace(held=np.ones((9, 2))) for one in planted]
    assert shares.checks(all_held)[0].holds
    none_held = [one._replace(held=np.zeros((9, 2))) for one in planted]
    assert not shares.checks(none_held)[0].holds
    table = shares.table(planted)
    assert len(table.rows) == 4 * 9
    assert {row[2] for row in table.rows} == {f"{share:.0%}" for share in shares.PLANTED}


def test_copies_are_found_and_fresh_images_are_not(pool: Pool) -> None:
    cases = privacy.measured(pool, 3, quiet)
    near = privacy.NAMES.index("near_copies")
    by_kind = {(case.copied, case.kind): case.alarms[:, near].mean() for case in cases}
    assert by_kind[0.0, "plain"] == 0
    assert by_kind[0.2, "plain"] == by_kind[0.2, "noisy"] == 1
    assert len(cases) == 1 + 3 * 3
    assert len(privacy.table(cases).rows) == len(cases)


def test_the_claims_of_copies_follow_the_alarms() -> None:
    def cases(fresh: bool, copied: bool) -> list[privacy.Case]:
        size = (10, len(privacy.NAMES))
        return [
            privacy.Case(share, kind, np.full(size, copied if share else fresh))
            for share in privacy.COPIED
            for kind in (privacy.KINDS if share else privacy.KINDS[:1])
        ]

    assert [check.holds for check in privacy.checks(cases(False, True))] == [True, True, True]
    assert [check.holds for check in privacy.checks(cases(True, False))] == [False, False, False]
