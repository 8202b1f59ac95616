"""The rate and the weight of R1 of a training function of one's own."""

TRAINER = "toy_function.py:train"
METRIC = {"name": "fid", "initial": 308, "floor": 0, "target": 40}

BASE = {"training.budget_images": 100_000}


def suggest(trial):
    """R1 holds the game where its weight is above the rate."""
    return {
        "lr": trial.suggest_float("lr", 1e-3, 0.3, log=True),
        "gamma": trial.suggest_float("gamma", 1e-3, 3.0, log=True),
    }


KNOWN_POINTS = {"held": {"lr": 0.03, "gamma": 0.3}, "free": {"lr": 0.1, "gamma": 0.001}}
