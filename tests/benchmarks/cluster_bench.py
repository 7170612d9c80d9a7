"""What a task costs beside its work, and what labs gain: on a Dask cluster on loopback.

`python tests/benchmarks/cluster_bench.py [TASKS…]` runs an empty lab with many seeds on three workers;
`python tests/benchmarks/cluster_bench.py labs` runs ten seeds of four labs in this process, on one worker and on two.
Both print the rows of a table in docs/cluster.md.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import msgspec
import psutil
from helpers.dask_cluster import LoopbackCluster
from jobs_bench import without_times

from labreport.experiments import registry
from labreport.experiments.result import Result
from labreport.experiments.running.cluster import Cluster
from labreport.experiments.running.engines import Engine, Here, Processes
from labreport.experiments.running.preparation import prepare
from labreport.experiments.running.runner import Asked, run_lab, run_labs

EMPTY = """
TITLE, VERSION = "Empty", "1"

def train(settings, dataset, session, seed):
    pass
"""


def counted(engine: Engine) -> list[int]:
    """Let an engine count the bytes of tasks, of answers, and of what is sent besides."""
    found = [0, 0, 0]
    submit, provide = engine.submit, engine.provide

    def submitted(fn: Any, content: bytes) -> Future[bytes]:
        future = submit(fn, content)
        found[0] += len(content)
        future.add_done_callback(lambda done: found.__setitem__(1, found[1] + len(done.result())))
        return future

    def provided(driver: str, where: str, contents: Any) -> None:
        found[2] += sum(map(len, contents.values()))
        provide(driver, where, contents)

    engine.submit, engine.provide = submitted, provided  # type: ignore[method-assign, assignment]
    return found


def processor_seconds(processes: Sequence[int]) -> float:
    """Return the processor time that processes have used so far, in seconds."""
    times = [psutil.Process(number).cpu_times() for number in processes]
    return sum(one.user + one.system for one in times)


def measured(
    name: str, engine: Engine, tasks: int, folder: Path, *, save: bool = False, cluster: LoopbackCluster | None = None
) -> None:
    """Run the empty lab and print a row."""
    scheduler, workers = ([], []) if cluster is None else ([cluster.scheduler.pid], cluster.processes())
    before = processor_seconds(scheduler), processor_seconds(workers)
    file = folder / "empty.py"
    file.write_text(EMPTY)
    prepared = prepare(registry.load("empty", file), seeds=tuple(range(tasks)))
    sent = counted(engine)
    with tempfile.TemporaryDirectory() as saved:
        wall, used = time.perf_counter(), time.process_time()
        result = run_lab(prepared, engine=engine, saved=Path(saved) if save else None, announce=lambda line: None)
        wall, used = time.perf_counter() - wall, time.process_time() - used
    assert result.status == "complete", result.failure
    times = [wall, used]
    times += [processor_seconds(those) - then for those, then in zip((scheduler, workers), before, strict=True)]
    each = " | ".join(f"{1000 * spent / tasks:.2f} ms" if spent else "" for spent in times)
    print(f"| {name} | {tasks:,} | {each} | {sent[0] / tasks:.0f} | {sent[1] / tasks:.0f} | {sent[2]:,} |", flush=True)


SEEDS = tuple(range(10))
SMALL: dict[str, dict[str, Any]] = {
    "mnist": {"epochs": 1},
    "imdb": {"epochs": 2, "words": 1_000},
    "reuters": {"epochs": 2, "words": 1_000},
    "boston": {},
}
"""Four labs with settings with which ten seeds take a minute or two: the others are those of the quick profile."""


def trained(name: str, engine: Engine, cluster: LoopbackCluster | None = None) -> list[bytes]:
    """Run ten seeds of four labs, print a row, and return what was found, but for times."""
    scheduler, workers = ([], []) if cluster is None else ([cluster.scheduler.pid], cluster.processes())
    before = processor_seconds(scheduler), processor_seconds(workers)
    asked = [
        Asked(prepared=prepare(registry.load(lab), overrides=settings, seeds=SEEDS, profile="quick", source="sample"))
        for lab, settings in SMALL.items()
    ]
    sent = counted(engine)
    found: dict[str, Result] = {}
    wall, used = time.perf_counter(), time.process_time()
    with engine:
        run_labs(
            asked,
            engine,
            announce=lambda line: None,
            finished=lambda one, result: found.update({one.prepared.name: result}),
        )
    wall, used = time.perf_counter() - wall, time.process_time() - used
    assert {result.status for result in found.values()} == {"complete"}
    times = [wall, used]
    times += [processor_seconds(those) - then for those, then in zip((scheduler, workers), before, strict=True)]
    row = " | ".join(f"{spent:.1f} s" if spent else "" for spent in times)
    print(f"| {name} | {row} | {' | '.join(f'{count / 1000:,.0f} kB' for count in sent)} |", flush=True)
    return [msgspec.json.encode(without_times(msgspec.to_builtins(found[lab].findings))) for lab in SMALL]


def labs() -> None:
    """Print the table of ten seeds of four labs."""
    print("| where | wall | CPU of the driver | of the scheduler | of the workers | out | back | sent once |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|", flush=True)
    results = []
    with tempfile.TemporaryDirectory() as place:
        for number, name in ((1, "one worker"), (2, "two workers")):
            folder = Path(place, str(number))
            folder.mkdir()
            cluster = LoopbackCluster(folder, number)
            try:
                results.append(trained(name, Cluster(cluster.address), cluster))
            finally:
                cluster.stop()
    assert results[0] == results[1]
    trained("this process", Here())  # it has more threads than a worker, which may change the last bit of a loss


def main() -> None:
    """Print a table."""
    if sys.argv[1:] == ["labs"]:
        labs()
        return
    numbers = [int(word) for word in sys.argv[1:]] or [1_000, 10_000]
    heads = ("where", "tasks", "wall a task", "CPU of the driver", "of the scheduler", "of the workers")
    print(f"| {' | '.join(heads)} | bytes out | bytes back | bytes sent once |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for tasks in numbers:
            measured("this process", Here(), tasks, folder)
            measured("two processes of this machine", Processes(2), tasks, folder)
        cluster = LoopbackCluster(folder, 3)
        try:
            for tasks in numbers:
                measured("three workers", Cluster(cluster.address), tasks, folder, cluster=cluster)
            measured(
                "three workers, seeds saved", Cluster(cluster.address), numbers[0], folder, save=True, cluster=cluster
            )
        finally:
            cluster.stop()


if __name__ == "__main__":
    main()
