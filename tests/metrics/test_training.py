from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lab.config import EvaluationConfig
from lab.data import Pack, open_pack
from lab.data.source import array_source
from lab.data.write import write_pack
from lab.metrics import make_evaluator
from lab.metrics.__main__ import TrainArguments, train
from lab.metrics.network import FeatureNetwork, fitted
from lab.metrics.training import TrainingPlan, accuracy, initial_network, train_network
from lab.metrics.weights_file import read_weights
from tests.metrics.colours import other_hues, write_hued_pack

PLAN = TrainingPlan(num_epochs=2, batch_size=32)


def trained(pack: Pack) -> FeatureNetwork:
    network = initial_network(1, 10, 8, seed=0)
    for _ in train_network(network, pack.train[0:1500], pack.train.labels[:1500], 32, PLAN):
        pass
    return network


@pytest.fixture(scope="module")
def small_network(pack: Pack) -> FeatureNetwork:
    return trained(pack)


def test_a_few_steps_beat_chance(small_network: FeatureNetwork, pack: Pack) -> None:
    assert accuracy(small_network, pack.heldout[0:500], pack.heldout.labels[:500], 32) > 0.4


def test_training_again_gives_the_same_network(small_network: FeatureNetwork, pack: Pack) -> None:
    again = trained(pack)

    for one, two in zip(small_network.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-3, atol=1e-4)


def test_folding_the_normalisation_changes_nothing(
    small_network: FeatureNetwork, pack: Pack
) -> None:
    images = fitted(pack.heldout[0:50], 1, 32)
    folded = small_network.folded()

    with torch.no_grad():
        torch.testing.assert_close(folded(images), small_network(images), rtol=1e-4, atol=1e-4)
        features = small_network.features(images)
    torch.testing.assert_close(folded.features(images), features, rtol=1e-4, atol=1e-4)


@pytest.fixture
def colour_pack(tmp_path: Path, pack: Pack) -> Path:
    """300 coloured images of three classes."""
    chosen = (pack.train.labels < 3).nonzero()[:300, 0]
    images = pack.train[:][chosen].permute(0, 2, 3, 1).repeat(1, 1, 1, 3).numpy()
    labels = pack.train.labels[chosen].numpy()
    source = array_source("tops", images, labels, ("a", "b", "c"), "MIT", "a test")
    write_pack(lambda: source, tmp_path / "tops", 32)
    return tmp_path / "tops"


def test_the_command_trains_an_extractor_that_names_its_metrics(
    colour_pack: Path, pack: Pack, tmp_path: Path
) -> None:
    out = tmp_path / "My Tops.safetensors"
    train(TrainArguments("train", str(colour_pack), out, epochs=1, width=8))

    _, card = read_weights(out)
    assert (card.family, card.data, card.channels, card.num_classes) == ("my-tops", "tops", 3, 3)
    evaluator = make_evaluator(
        EvaluationConfig(extractor=str(out), num_samples=50),
        pack.train[0:60],
        pack.heldout[0:50],
        fingerprint="p",
        cache=tmp_path / "cache",
    )
    assert evaluator.names.frechet == "fd_my-tops_50"
    assert evaluator.extractor.startswith("my-tops-")
    assert evaluator.names.kernel in evaluator.baseline


def test_half_precision_weights_tell_hues_apart_in_half_the_room(tmp_path: Path) -> None:
    hues = write_hued_pack(tmp_path / "hues")
    sizes = []
    for half in (False, True):
        out = tmp_path / f"hues-{half}.safetensors"
        train(TrainArguments("train", str(hues), out, epochs=20, width=8, half=half))
        sizes.append(out.stat().st_size)
    network, card = read_weights(out)
    images = open_pack(hues).heldout[:]

    assert sizes[1] < 0.6 * sizes[0]
    assert (card.channels, card.num_classes) == (3, 3)
    assert card.accuracy > 0.9
    assert next(network.parameters()).dtype == torch.float32
    with torch.no_grad():
        classes, turned = (
            network(fitted(x, 3, 32)).argmax(dim=1) for x in (images, other_hues(images))
        )
    assert float((turned == (classes + 1) % 3).float().mean()) > 0.9
