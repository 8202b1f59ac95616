"""A Tune trainable whose `step()` pulls the next evaluation of a run; its actor is reused."""

from __future__ import annotations

import json
import traceback
from collections.abc import Generator
from pathlib import Path
from typing import Any

from ray import tune

from lab.record import ERROR_FILE, write_whole


class RunTrainable(tune.Trainable):  # type: ignore[misc]
    """The inline gang: one worker, which trains inside this actor."""

    def setup(self, config: dict[str, Any]) -> None:
        import torch

        message = json.loads(config["job"])
        torch.set_num_threads(message["threads"])
        self._begin(message)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take the next run; the process, its imports, data and metrics stay."""
        self._evaluations.close()
        self._begin(json.loads(new_config["job"]))
        return True

    def _begin(self, message: dict[str, Any]) -> None:
        from lab.config import make_config
        from lab.run import run

        self._folder = Path(message["folder"])
        (self._folder / ERROR_FILE).unlink(missing_ok=True)  # of an earlier attempt
        self._evaluations: Generator[Any, None, None] = run(
            make_config(message["config"]),
            self._folder,
            trial=message["trial"],
            stage=message["stage"],
            attempt=message["attempt"],
            device=message["device"],
        )

    def step(self) -> dict[str, Any]:
        """Train to the next evaluation; its row travels as JSON, for Tune wants finite numbers."""
        try:
            evaluation = next(self._evaluations)
        except Exception:
            self._note_error(traceback.format_exc())
            raise
        result = {"row": json.dumps(evaluation.row), "done": evaluation.verdict is not None}
        if evaluation.verdict is not None:
            result |= {"verdict": evaluation.verdict.name, "score": evaluation.score}
        return result

    def _note_error(self, text: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        write_whole(self._folder / ERROR_FILE, text.encode())

    def cleanup(self) -> None:
        self._evaluations.close()
