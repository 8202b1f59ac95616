"""Adding one of each kind touches the files that docs/adding.md names, and no other."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch

import lab.run.bench
from lab.config import config_paths, make_config, stored_config
from lab.config.__main__ import describe_settings
from lab.errors import InputError
from lab.evaluate import main as evaluate
from lab.gan.game import Game
from lab.metrics.metric import all_metrics
from lab.plan import load_space
from lab.record import (
    CONFIG_FILE,
    STUDY_FILE,
    TRIAL_FILE,
    read_json,
    read_study,
    run_folder,
    trial_folder,
    write_json,
)
from lab.run import run
from lab.run.bench import describe, open_bench_for
from lab.train import main as train
from reports.page import build_page
from reports.study.store import curve_names
from tests.adding import DOCUMENT, Example, added, examples, own_file
from tests.gan.games import real_images, small_game
from tests.runs import finish, plain_metrics, small_run, stored_rows, write_small_pack

SETTING = {
    "A loss": "loss",
    "A penalty": "penalty.kind",
    "An augmentation": "augmentation.kind",
    "A pair of networks": "network.architecture",
    "An optimizer": "optimizer.critic.kind",
    "A schedule": "optimizer.schedule",
    "An extractor": "evaluation.extractor",
}
SHORT = {"training.budget_images": 32, "evaluation.every_images": 32}
OWN = [heading for heading in SETTING if heading != "An extractor"]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_pack(tmp_path_factory.mktemp("squares") / "pack")


@pytest.fixture
def plainly() -> Iterator[None]:
    with plain_metrics():
        yield


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder and a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAB_CACHE", str(tmp_path / "cache"))
    lab.run.bench.open_bench.cache_clear()
    return tmp_path


def reference(example: Example, folder: Path) -> str:
    """How a setting names the example in a person's own file."""
    attribute = "features" if example.table == "EXTRACTORS" else example.attribute
    return f"{own_file(example, folder).name}:{attribute}"


@pytest.mark.parametrize("heading", [*SETTING, "A term", "A metric"])
def test_a_method_touches_its_file_and_one_line(heading: str) -> None:
    example = examples()[heading]
    assert example.files == (example.file, "lab/catalogue.py")
    assert example.line.count("\n") == 1


def test_a_space_touches_its_file_alone(here: Path) -> None:
    example = examples()["A space"]
    assert example.files == (example.file,)
    space = load_space(own_file(example, here))
    assert set(space.known_points) == {"equal"}
    assert "penalty.weight" in space.parameters()


def test_every_heading_of_the_document_is_in_its_table() -> None:
    text = DOCUMENT.read_text()
    kinds = [line for line in text.splitlines() if line.startswith("## A")]
    for heading in kinds:
        anchor = heading.removeprefix("## ").lower().replace(" ", "-")
        assert f"(#{anchor})" in text


@pytest.mark.parametrize("heading", SETTING)
def test_a_method_shows_in_the_configurations_help_and_errors(heading: str, here: Path) -> None:
    example, path = examples()[heading], SETTING[heading]
    with added(example, here):
        assert f" {example.name}" in describe_settings([path])
        assert make_config({}, {path: example.name})
        if path != "evaluation.extractor":
            with pytest.raises(InputError, match=f"did you mean '{example.name}'"):
                make_config({}, {path: example.name[:-1]})
    assert example.name not in describe_settings(config_paths())


@pytest.mark.usefixtures("plainly")
@pytest.mark.parametrize("heading", OWN)
def test_a_method_trains(heading: str, here: Path, pack: Path) -> None:
    example = examples()[heading]
    usual = finish(small_run(pack, SHORT), here / "usual")[-1].row
    with added(example, here):
        config = small_run(pack, {SETTING[heading]: example.name, **SHORT})
        last = finish(config, here / "run")[-1]
    assert last.verdict is not None
    assert last.row["signal_critic_loss"] != usual["signal_critic_loss"]


@pytest.mark.usefixtures("plainly")
@pytest.mark.parametrize("heading", OWN)
def test_a_persons_own_file_trains_like_the_labs_and_is_kept(
    heading: str, here: Path, pack: Path
) -> None:
    example, path = examples()[heading], SETTING[heading]
    with added(example, here):
        labs = finish(small_run(pack, {path: example.name, **SHORT}), here / "labs")[-1].row
    named = reference(example, here)
    file = here / "mine.json"
    values = {**small_run(pack, {**SHORT, path: named}).model_dump(exclude={"files"})}
    file.write_text(json.dumps(values))

    assert train(["--config", str(file), "--out", "run", "--device", "cpu", "--threads=1"]) == 0
    kept = read_json(here / "run" / CONFIG_FILE)
    assert kept["files"][named.split(":")[0]]["text"] == example.code
    if path != "network.architecture":  # whose weights are drawn from another seed
        row = stored_rows(here / "run")[-1]
        assert row["signal_critic_loss"] == labs["signal_critic_loss"]


@pytest.mark.usefixtures("plainly")
def test_a_run_goes_on_with_the_text_that_it_began_with(
    here: Path, pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = reference(examples()["A loss"], here)
    values = small_run(pack, {**SHORT, "loss": named}).model_dump(exclude={"files"})
    (here / "mine.json").write_text(json.dumps(values))
    options = ["--config", "mine.json", "--out", "run", "--device", "cpu", "--threads=1"]
    assert train(options) == 0
    kept = (here / "run" / CONFIG_FILE).read_text()
    (here / "huber.py").write_text("raise RuntimeError\n")

    capsys.readouterr()
    assert train(options) == 0
    (error,) = capsys.readouterr().err.splitlines()
    assert error.startswith("huber.py has changed since the run began; the run continues with")
    assert (here / "run" / CONFIG_FILE).read_text() == kept


@pytest.mark.usefixtures("plainly")
def test_a_stored_trial_trains_and_is_evaluated_without_the_file(
    here: Path, pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = reference(examples()["A pair of networks"], here)
    config = small_run(pack, {"network.architecture": named, **SHORT})
    trial = trial_folder(here / "study", 0)
    write_json(trial / TRIAL_FILE, {"number": 0, **stored_config(config)})
    own_file(examples()["A pair of networks"], here).unlink()

    options = ["--trial", str(trial), "--out", str(trial / "seed-0"), "--device", "cpu"]
    assert train([*options, "--threads=1"]) == 0
    assert evaluate([str(trial / "seed-0"), "--json", "--num-samples=64", "--device=cpu"]) == 0
    assert "coverage_plain_64" in json.loads(capsys.readouterr().out.splitlines()[-1])["metrics"]


def test_an_extractor_measures_from_the_lab_and_from_a_persons_file(
    here: Path, pack: Path
) -> None:
    example = examples()["An extractor"]
    with added(example, here):
        config = small_run(pack, {"evaluation.extractor": "quarters"})
        labs = open_bench_for(config, "cpu").evaluator
    own = open_bench_for(
        small_run(pack, {"evaluation.extractor": reference(example, here)}), "cpu"
    ).evaluator
    images = torch.zeros(64, 1, 32, 32, dtype=torch.uint8)
    assert labs.measure(images)["fd_quarters_64"] == own.measure(images)["fd_quarters-features_64"]
    assert own.extractor.startswith("quarters-features-")


def test_a_metric_is_in_the_row_the_record_and_the_report(here: Path, pack: Path) -> None:
    loss, metric = examples()["A loss"], examples()["A metric"]
    study, run_at = here / "study", run_folder(here / "study", 0, 0)
    with added(loss, here), added(metric, here):
        assert "spread" in all_metrics()
        config = small_run(pack, {"loss": "huber", "evaluation.extractor": "fashion", **SHORT})
        described = describe(open_bench_for(config, "cpu"))
        assert list(run(config, run_at, device="cpu"))[-1].verdict is not None
    assert stored_rows(run_at)[-1]["spread_fashion_64"] >= 0
    assert described["metrics"]["baseline"]["spread_fashion_64"] == pytest.approx(1.0, abs=0.3)
    assert described["metrics"]["spread"].startswith("total variance of 64 samples")
    losses = {"kind": "categorical", "choices": ["hinge", "huber"]}
    write_json(
        study / STUDY_FILE,
        {"study": "mine", "parameters": {"loss": losses}, "status": "finished", **described},
    )
    write_json(
        trial_folder(study, 0) / TRIAL_FILE,
        {"number": 0, "origin": "sobol", "parameters": {"loss": "huber"}, **stored_config(config)},
    )

    record = read_study(study)
    assert "spread_fashion_64" in curve_names(record)
    page = build_page(record)
    assert "spread fashion 64" in page
    assert "huber" in page


TERM_IN_THE_LAB = """
import sys
from lab import catalogue

folder, name, *entry = sys.argv[1:]
catalogue.TERMS[name] = catalogue.TermEntry(*entry)  # before the configuration is made of it

import lab.gan.terms
lab.gan.terms.__path__.append(folder)
from tests.test_adding import seen_with
print(seen_with({f"terms.{name}.weight": 0.5}))
"""


def seen_with(values: dict[str, object]) -> list[str]:
    """What three steps of a small game show, exactly."""
    torch.set_num_threads(1)
    game = small_game(values)
    source = real_images(game)
    return [float(value).hex() for _ in range(3) for value in game.step(source).observed]


def test_a_term_trains_from_its_line_and_from_a_persons_file(here: Path) -> None:
    example = examples()["A term"]
    file = own_file(example, here)
    entry = [example.name, example.entry.target, example.entry.summary]
    command = [sys.executable, "-c", TERM_IN_THE_LAB, str(here), *entry]
    labs = subprocess.run(
        command, cwd=DOCUMENT.parents[1], check=True, capture_output=True, text=True
    )
    values = {"terms.own.kind": f"{file.name}:{example.attribute}", "terms.own.weight": 0.5}
    assert make_config({}, values).files[0].text == example.code
    own = seen_with(values)
    assert labs.stdout.strip() == str(own)
    assert own != seen_with({})


WRONG = {
    "a term that keeps the samples": (
        "terms.own.kind",
        "from lab.gan.terms import Term\n"
        "class X(Term):\n    def critic(self, seen, now):\n        return seen.real_logits\n",
        r"the critic's part of the term mine.py:X returns \[2\]; it must return one number",
    ),
    "a loss that takes the mean": (
        "loss",
        "from lab.gan.losses import Loss\n"
        "X = Loss(lambda r, f: (f - r).mean(), lambda r, f: -f)\n",
        r"the critic's loss of mine.py:X returns \[\] for logits of shape \[4\]; it must return "
        "one loss a sample",
    ),
    "a loss that is a function": (
        "loss",
        "def X(real, fake):\n    return fake - real\n",
        "loss mine.py:X is a function; it must be a lab.gan.losses.Loss",
    ),
    "a loss of one argument": (
        "loss",
        "from lab.gan.losses import Loss\nX = Loss(lambda r: r, lambda r: r)\n",
        r"mine.py:X raises TypeError: .* takes 1 positional argument but 2 were given",
    ),
    "a penalty that is a number": (
        "penalty.kind",
        "X = 3.0\n",
        "penalty.kind mine.py:X is a float; it must be a function",
    ),
    "a penalty that takes the mean": (
        "penalty.kind",
        "def X(inputs):\n    return inputs.real.mean()\n",
        r"the penalty mine.py:X returns \[\] for a batch of 3 images; it must return one value",
    ),
    "a network that is no pair": (
        "network.architecture",
        "class X: pass\n",
        "network.architecture mine.py:X is a type; it must be a lab.gan.networks.Pair",
    ),
    "a generator that is another module": (
        "network.architecture",
        "from torch.nn import Identity\nfrom lab.gan.networks import Pair\n"
        "X = Pair(lambda plan: Identity(), lambda plan: Identity())\n",
        "builds a Identity; it must be a subclass of lab.gan.networks.Generator",
    ),
    "a generator of other images": (
        "network.architecture",
        "import torch\nfrom lab.gan.networks import Pair, Generator\n"
        "class G(Generator):\n"
        "    def pixels(self, z, labels):\n        return torch.zeros(len(z), 1, 8, 8)\n"
        "X = Pair(G, G)\n",
        r"the generator of mine.py:X returns \[2, 1, 8, 8\] for \[2, 4\]; it must return "
        r"\[2, 1, 32, 32\]",
    ),
    "an optimizer that is none": (
        "optimizer.critic.kind",
        "def X(parameters, settings):\n    return 5\n",
        "optimizer mine.py:X makes a int; it must be a function or class",
    ),
    "a schedule below 0": (
        "optimizer.schedule",
        "def X(done):\n    return -done\n",
        "the schedule mine.py:X returns -0.5 at 0.5; it must be a function of the share done",
    ),
    "an extractor of images": (
        "evaluation.extractor",
        "def X(images):\n    return images.float()\n",
        r"the extractor mine.py:X returns torch.float32 \[.*\]; it must return float features",
    ),
    "a file that raises": (
        "loss",
        "import torch\n\n1 / 0\n",
        "mine.py, line 3, raises ZeroDivisionError: division by zero; correct the file",
    ),
    "a file without the name": (
        "loss",
        "x = 1\n",
        "mine.py does not define X; it defines x",
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_in_a_persons_file_is_one_sentence_and_leaves_no_folder(
    mistake: str, here: Path, pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, code, sentence = WRONG[mistake]
    (here / "mine.py").write_text(code)
    values = small_run(pack).model_dump()
    (here / "mine.json").write_text(json.dumps(values))
    options = ["--config", "mine.json", "--set", f"{path}=mine.py:X", "--out", "run"]
    if path == "terms.own.kind":
        options += ["--set", "terms.own.weight=1"]
    with ExitStack() as stack:
        if path != "evaluation.extractor":
            stack.enter_context(plain_metrics())
        assert train([*options, "--device", "cpu", "--threads=1"]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert re.search(sentence, error)
    assert not (here / "run").exists()


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("gone.py:LOSS", "gone.py cannot be read: No such file or directory; give the path of a"),
        ("gone.py", "loss is 'gone.py'; name what the file defines: gone.py:NAME"),
    ],
)
def test_a_file_that_is_not_there_is_one_sentence(value: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        make_config({}, {"loss": value})
    assert str(caught.value).startswith(sentence)


def test_a_changed_text_in_the_record_is_refused(here: Path) -> None:
    entries = stored_config(make_config({}, {"loss": reference(examples()["A loss"], here)}))
    entries["files"]["huber.py"]["text"] += "# changed\n"
    with pytest.raises(InputError, match=r"the text of huber\.py in the record does not match"):
        make_config({**entries["config"], "files": entries["files"]})


def test_a_game_with_a_persons_methods_continues_from_its_state(here: Path, pack: Path) -> None:
    values = {SETTING[heading]: reference(examples()[heading], here) for heading in OWN}
    config = small_run(pack, values)
    bench = open_bench_for(config, "cpu")
    first, second = (
        Game(config, bench.shape, device=bench.device, precision="float32") for _ in range(2)
    )
    second.load_state(first.state())
    same = zip(first.tensors().values(), second.tensors().values(), strict=True)
    assert all(torch.equal(one, other) for one, other in same)
