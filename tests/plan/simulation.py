"""A search without training: outcomes as a function of the job, the record on disk as usual."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lab.plan import Job, Outcome, Planner, trial_card
from lab.randomness import counted_seed
from lab.record import RUN_FILE, STUDY_FILE, TRIAL_FILE, run_folder, trial_folder, write_json
from tests.made_up.study import run_json

SPACE = '''"""A small space with a branch."""
BASE = {"network.architecture": "dcgan"}


def suggest(trial):
    values = {
        "optimizer.critic.lr": trial.suggest_float("optimizer.critic.lr", 1e-5, 1e-1, log=True),
        "training.critic_steps": trial.suggest_int("training.critic_steps", 1, 8),
        "penalty.kind": trial.suggest_categorical("penalty.kind", ["none", "r1"]),
    }
    if values["penalty.kind"] == "r1":
        values["penalty.weight"] = trial.suggest_float("penalty.weight", 0.1, 100.0, log=True)
    return values


KNOWN_POINTS = {
    "plain": {"optimizer.critic.lr": 1e-3, "training.critic_steps": 1, "penalty.kind": "none"},
    "held": {
        "optimizer.critic.lr": 2e-3,
        "training.critic_steps": 5,
        "penalty.kind": "r1",
        "penalty.weight": 10.0,
    },
}
'''


def write_space(folder: Path, text: str = SPACE) -> Path:
    """The small space as a person's file."""
    path = folder / "mine.py"
    path.write_text(text)
    return path


def good_rates_win(job: Job) -> Outcome:
    """Rates above 1e-2 diverge with score 0; below, nearer to 1e-3 is better."""
    rate = job.config.optimizer.critic.lr
    if rate > 1e-2:
        return Outcome("finished", "diverged", 0.0)
    noise = counted_seed(0, "noise", job.trial) / 2**63
    return Outcome("finished", "stable", 0.5 + 0.4 * min(rate / 1e-3, 1e-3 / rate) + 0.1 * noise)


def noisy(job: Job) -> Outcome:
    """Good rates are stable for most seeds, and every run has a quality and a cost."""
    outcome = good_rates_win(job)
    luck = counted_seed(job.seed, "luck", job.trial) / 2**63
    assert outcome.score is not None
    if luck > outcome.score + 0.2 or outcome.verdict != "stable":
        return Outcome("finished", "collapsed", 0.1 * luck, life=0.5, seconds=10.0)
    return Outcome(
        "finished", "stable", outcome.score * luck, quality=luck, seconds=40.0 + job.seed % 7
    )


class Search:
    """Drives a planner with several runs at once and keeps the record."""

    def __init__(
        self,
        planner: Planner,
        study: Path,
        outcome: Callable[[Job], Outcome] = good_rates_win,
        num_slots: int = 3,
    ) -> None:
        self.planner = planner
        self.study = study
        self.outcome = outcome
        self.num_slots = num_slots
        self.running: list[Job] = []
        self.asked: list[Job] = []
        if not (study / STUDY_FILE).exists():
            write_json(study / STUDY_FILE, {"study": "simulated"})

    def fill(self) -> None:
        """Start runs until every slot is taken."""
        while len(self.running) < self.num_slots and (job := self.planner.ask()):
            write_json(
                trial_folder(self.study, job.trial) / TRIAL_FILE,
                trial_card(self.planner.explore_job(job.trial)).stored(),
            )
            self._write_run(job, Outcome("finished"), status="running")
            self.running.append(job)
            self.asked.append(job)

    def end_one(self) -> None:
        """End a run, not always the oldest, and tell of it."""
        index = counted_seed(1, "which", len(self.asked)) % len(self.running)
        job = self.running[index]
        self.end(job, self.outcome(job))

    def end(self, job: Job, outcome: Outcome) -> None:
        """A run ends so."""
        self.running.remove(job)
        self._write_run(job, outcome, status=outcome.status)
        self.planner.tell(job, outcome)

    def go_on(self, num_ends: int = 10**9) -> None:
        """Fill, end, fill ... for so many ends, or until the search is finished."""
        self.fill()
        while self.running and num_ends > 0:
            self.end_one()
            num_ends -= 1
            self.fill()

    def _write_run(self, job: Job, outcome: Outcome, status: str) -> None:
        budget = job.config.training.budget_images
        onset = None if outcome.life == 1.0 else round(outcome.life * budget)
        verdict = {"name": outcome.verdict, "onset_images": onset} if outcome.verdict else None
        note = run_json(
            job.trial,
            seed=job.seed,
            stage=job.stage,
            status=status,
            verdict=verdict,
            score=outcome.score,
            final_quality=outcome.quality,
            budget_images=budget,
            seconds={"starting": 9.0, "training": outcome.seconds, "evaluating": 0.0},
            attempts=job.attempt,
        )
        write_json(run_folder(self.study, job.trial, job.seed) / RUN_FILE, note)
