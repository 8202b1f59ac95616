"""Search spaces, one file each; `python -m lab.search --space NAME`, or `--space path/to/mine.py`.

A space file has a docstring, which `--list-spaces` shows, and three names:

    BASE = {"network.architecture": "sngan-cnn"}      # path -> value, under what is sampled

    def suggest(trial):                               # path -> value, sampled or derived
        values = {
            "training.critic_steps": trial.suggest_int("training.critic_steps", 1, 5),
            "penalty.kind": trial.suggest_categorical("penalty.kind", ["none", "r1"]),
        }
        if values["penalty.kind"] != "none":
            values["penalty.weight"] = trial.suggest_float("penalty.weight", 0.1, 100.0, log=True)
        return values

    KNOWN_POINTS = {"plain": {"training.critic_steps": 1, "penalty.kind": "none"}}

A parameter's name is the path of the setting that it sets (`python -m lab.config` lists them). It
has the same range wherever it is suggested; branches are plain `if`. The search begins with the
known points, in the order written. Values from the command line (`--set`) override everything
here, and a path set there is not searched; values of a preset apply only where a space sets none.
A space that needs other sizes than a preset's has PRESETS = {"laptop": {"network.width": 0.125}};
one whose runs are longer has SIZES = {"laptop": {"trials": 8, "seeds": (1, 2), "race": 1,
"confirm": 2}} in place of the preset's numbers of runs. QUESTION = "training.critic_steps" names
the one setting, a number, that the space asks about: the report answers in any case and tests its
trend alone, at 95 %, because it was named before any run; other settings are tested together. One
whose training is not the lab's names COMMAND and LOG, or TRAINER, with METRIC: docs/trainer.md.
"""
