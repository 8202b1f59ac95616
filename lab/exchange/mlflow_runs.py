"""Runs in MLflow, written through its client: by a search as it proceeds, or by an export."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

MOST_AT_ONCE = 1000
"""Metrics of one request that MLflow accepts."""
DATABASE = "mlflow.db"
LOCATION = "MLFLOW_TRACKING_URI"
"""Environment variable: where a tracking server is."""


class MlflowRuns:
    """An experiment: the runs of one study."""

    def __init__(self, uri: str, title: str, files: Path | None) -> None:
        """`files`: folder of pictures and other artifacts; None for the server's own place."""
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # as Ray's is off
        import mlflow

        self._client: Any = mlflow.MlflowClient(uri)
        experiment = self._client.get_experiment_by_name(title)
        local = None if files is None else files.as_uri()
        self._identity: str = (
            self._client.create_experiment(title, artifact_location=local)
            if experiment is None
            else experiment.experiment_id
        )

    @classmethod
    def followed(cls, folder: Path, title: str) -> MlflowRuns:
        """Where a search is copied to: the server of the environment, else a file in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        server = os.environ.get(LOCATION)
        files = None if LOCATION in os.environ else folder / "files"
        return cls(server or f"sqlite:///{folder / DATABASE}", title, files)

    def begun(
        self,
        name: str,
        identity: Mapping[str, str],
        tags: Mapping[str, str],
        params: Mapping[str, Any],
    ) -> MlflowRun:
        """A run, continued where one with the tags of `identity` is there already."""
        query = " and ".join(f"tags.`{key}` = '{value}'" for key, value in identity.items())
        earlier = self._client.search_runs([self._identity], query)
        if earlier:
            run = MlflowRun(self._client, earlier[0].info.run_id)
            self._client.set_terminated(run.identity, "RUNNING")
            return run
        return self.made(name, {**identity, **tags}, params)

    def made(self, name: str, tags: Mapping[str, str], params: Mapping[str, Any]) -> MlflowRun:
        """A new run."""
        made = self._client.create_run(self._identity, run_name=name, tags=dict(tags))
        run = MlflowRun(self._client, made.info.run_id)
        for key, value in params.items():
            self._client.log_param(run.identity, key, value)
        return run


class MlflowRun:
    """One run."""

    def __init__(self, client: Any, identity: str) -> None:
        self._client = client
        self.identity = identity

    def log(self, images_seen: int, metrics: Mapping[str, float]) -> None:
        """Add one evaluation."""
        self.log_all([(images_seen, metrics)])

    def log_all(self, evaluations: Sequence[tuple[int, Mapping[str, float]]]) -> None:
        """Add many evaluations, each at its images seen."""
        from mlflow.entities import Metric

        now = int(1000 * time.time())
        metrics: Iterable[Any] = (
            Metric(name, value, now, images_seen)
            for images_seen, of_one in evaluations
            for name, value in of_one.items()
        )
        remaining = iter(metrics)
        while batch := list(islice(remaining, MOST_AT_ONCE)):
            self._client.log_batch(self.identity, metrics=batch)

    def picture(self, images_seen: int, pixels: Any) -> None:
        """Add a grid of samples, uint8 [height, width, 3]."""
        file = f"samples/{images_seen:08d}.png"
        self._client.log_image(self.identity, pixels, artifact_file=file)

    def end(self, outcome: str) -> None:
        """The run ended with this verdict, or as `errored` or `pruned`."""
        self._client.set_tag(self.identity, "verdict", outcome)

    def close(self) -> None:
        """Nothing more comes for now."""
        self._client.set_terminated(self.identity)
