"""The same toy as toy_stylegan.py as a training function, whose runs can be interrupted."""

import json
import math
import random

BATCH = 64
EVERY_KIMG = 10


def train(run):
    """The Dirac-GAN with R1: a real training has its networks and its data here."""
    lr, gamma = run.parameters["lr"], run.parameters["gamma"]
    rng = random.Random(run.seed)
    theta, psi, kimg = 1.0 + 0.1 * rng.random(), 0.0, 0
    saved = run.folder / "state.json"
    if run.checkpoint is not None and saved.exists():
        theta, psi, kimg = json.loads(saved.read_text())
    while True:
        fid = (8 + 300 * math.hypot(theta, psi)) * (1 + 0.02 * rng.gauss(0, 1))
        run.report(images_seen=1000 * kimg, fid=fid, critic_loss=theta * psi)
        for _ in range(EVERY_KIMG * 1000 // BATCH):
            theta, psi = theta - lr * psi, psi + lr * (theta - gamma * psi)
        kimg += EVERY_KIMG
        saved.write_text(json.dumps([theta, psi, kimg]))
