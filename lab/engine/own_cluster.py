"""Run in every process of Ray that a search with gangs starts, so it imports next to nothing."""

from __future__ import annotations

import os


def know_own_cluster() -> None:
    """In each worker process: which Ray is its own, for a machine may have several.

    Ray Train's guard over the place of a gang asks after the gang's controller without saying
    where. Of another Ray it would learn that there is none, and take a living gang's place away.
    """
    import ray

    os.environ["RAY_ADDRESS"] = ray.get_runtime_context().gcs_address
