"""A gang of two workers with half the batch each, against one process with two threads.

    python -m benchmarks.gang_speed [--rounds 9] [--seconds 2] [--quick]

Over gloo on this machine's cores, each worker with one thread, in turn with one process of two
threads: images/s of both and their ratio; the share of a step that goes into talking (against the
same two workers without a word to each other, which trains nonsense as fast as it can); and what
is sent: DDP's gradients against the parameters' bytes, and everything else.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from benchmarks.quick import parsed
from lab.config import RunConfig, make_config
from lab.gan.game import Game
from lab.gan.ranks import ALONE, Ranks
from lab.gan.rounds import ImageShape, RealBatch
from lab.plan import find_preset

NETWORKS: dict[str, tuple[ImageShape, dict[str, Any]]] = {
    "sngan-resnet, width 1/4, 5 critic steps": (
        ImageShape(32, 3, 10),
        {
            "network.architecture": "sngan-resnet",
            "network.width": 0.25,
            "training.critic_steps": 5,
            "training.budget_images": 1_000_000,
        },
    ),
    "dcgan, width 1/4 (the laptop preset)": (
        ImageShape(32, 1, 10),
        dict(find_preset("laptop").base),
    ),
}
NUM_WORKERS = 2


@dataclass(frozen=True)
class Silent(Ranks):
    """Ranks that compute their shares and never communicate."""

    def sum(self, values: Tensor) -> Tensor:
        return values

    def wrapped(self, objective: nn.Module, *, some_unused: bool = False) -> nn.Module:
        return objective


class Player:
    """A game of one network on these ranks, on images that are there already."""

    def __init__(self, name: str, ranks: Ranks) -> None:
        shape, values = NETWORKS[name]
        self.config: RunConfig = make_config({}, values)
        cpu = torch.device("cpu")
        self.game = Game(self.config, shape, device=cpu, precision="float32", ranks=ranks)
        size = (
            self.config.training.batch_size,
            shape.channels,
            shape.resolution,
            shape.resolution,
        )
        images = self.game.share.of(torch.randn(size).clamp(-1, 1))
        labels = torch.zeros(len(images), dtype=torch.long)
        self.batch = RealBatch(images.to(memory_format=torch.channels_last), labels)

    def step(self) -> None:
        self.game.step(lambda critic_step: self.batch)

    def images_per_second(self, num_steps: int) -> float:
        start = time.perf_counter()
        for _ in range(num_steps):
            self.step()
        return self.config.images_per_step * num_steps / (time.perf_counter() - start)


def sent_in_one_step(player: Player) -> Counter[str]:
    """Bytes that one step of this rank puts into collectives."""
    sent: Counter[str] = Counter()

    def counted(_, bucket):  # type: ignore[no-untyped-def]  # DDP would want them unquoted
        sent["gradients"] += bucket.buffer().nbytes
        divided = bucket.buffer().div_(NUM_WORKERS)
        work = dist.all_reduce(divided, async_op=True)
        sent["statistics and signals"] -= divided.nbytes  # counted below as well
        return work.get_future().then(lambda done: done.value()[0])

    for objective in (player.game.critic_objective, player.game.generator_objective):
        assert isinstance(objective, DistributedDataParallel)
        objective.register_comm_hook(None, counted)
    all_reduce = dist.all_reduce

    def noted(values: Tensor, *args: Any, **options: Any) -> Any:
        sent["statistics and signals"] += values.nbytes
        sent["other collectives"] += 1
        return all_reduce(values, *args, **options)

    dist.all_reduce = noted  # type: ignore[assignment]
    player.step()
    dist.all_reduce = all_reduce
    return sent


def parameter_bytes(game: Game) -> int:
    """Of the parameters that one step's updates change, counted once an update."""

    def trained(network: nn.Module) -> int:
        return sum(weight.nbytes for weight in network.parameters() if weight.grad is not None)

    return game.config.training.critic_steps * trained(game.critic) + trained(game.generator)


def worker(rank: int, rendezvous: str, orders: Any, answers: Any) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=rendezvous, rank=rank, world_size=NUM_WORKERS)
    players: dict[tuple[str, str], Player] = {}
    kinds = {"gang": Ranks, "silent": Silent}
    while (order := orders.get()) is not None:
        kind, name, num_steps = order
        if kind == "sent":
            player = Player(name, Ranks(rank, NUM_WORKERS))
            player.step()
            answer: Any = sent_in_one_step(player), parameter_bytes(player.game)
        else:
            if (kind, name) not in players:
                players[kind, name] = Player(name, kinds[kind](rank, NUM_WORKERS))
                players[kind, name].step()
            dist.barrier()
            answer = players[kind, name].images_per_second(num_steps)
        if rank == 0:
            answers.put(answer)
    dist.destroy_process_group()


def measured(name: str, rounds: int, seconds: float, ask: Any) -> None:
    alone = Player(name, ALONE)
    alone.step()
    speed = alone.images_per_second(1)
    num_steps = max(1, round(seconds * speed / alone.config.images_per_step))
    rates: dict[str, list[float]] = {"one process": [], "gang": [], "silent": []}
    for turn in range(rounds + 1):
        measured = {
            "one process": alone.images_per_second(num_steps),
            "gang": ask(("gang", name, num_steps)),
            "silent": ask(("silent", name, num_steps)),
        }
        if turn:
            for kind, rate in measured.items():
                rates[kind].append(rate)
    ratios = [a / b for a, b in zip(rates["gang"], rates["one process"], strict=True)]
    talking = [1 - a / b for a, b in zip(rates["gang"], rates["silent"], strict=True)]
    sent, needed = ask(("sent", name, 1))
    print(f"\n{name}, batch {alone.config.training.batch_size}, {num_steps} steps a round")
    print(f"  one process, two threads     {median(rates['one process']):9,.0f} images/s")
    print(f"  two workers, a thread each   {median(rates['gang']):9,.0f} images/s")
    print(f"  ratio, median of pairs       {median(ratios):9.2f}")
    print(f"  share of a step that is talk {median(talking):9.1%}")
    print(f"  gradients sent a step        {sent['gradients']:9,} bytes")
    print(f"  parameters updated a step    {needed:9,} bytes")
    others = sent["other collectives"]
    rest = sent["statistics and signals"]
    print(f"  batch norm and signals       {rest:9,} bytes in {others} collectives")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=2.0, help="of one process, a round")
    arguments = parsed(parser, rounds=1, seconds=0.1)
    torch.set_num_threads(NUM_WORKERS)
    context = multiprocessing.get_context("spawn")
    orders = [context.Queue() for _ in range(NUM_WORKERS)]
    answers = context.Queue()
    with tempfile.TemporaryDirectory() as folder:
        workers = [
            context.Process(
                target=worker,
                args=(rank, f"file://{folder}/rendezvous", orders[rank], answers),
                daemon=True,
            )
            for rank in range(NUM_WORKERS)
        ]
        for process in workers:
            process.start()

        def ask(order: tuple[str, str, int]) -> Any:
            for queue in orders:
                queue.put(order)
            return answers.get(timeout=300)

        print(f"torch {torch.__version__}, gloo, {NUM_WORKERS} workers")
        for name in list(NETWORKS)[-1 if arguments.quick else 0 :]:
            measured(name, arguments.rounds, arguments.seconds, ask)
        for queue in orders:
            queue.put(None)
        for process in workers:
            process.join(30)


if __name__ == "__main__":
    main()
