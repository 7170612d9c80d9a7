"""One function of a lab at work: settings, data and a seed go in, one record of what was found comes out.

Nothing else goes in or out, and the record is plain values, so it does not matter in which process, or on which
machine, this happens. Nothing is raised: an error of the lab is part of the record.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from labreport.experiments.data.sets import Dataset
from labreport.experiments.errors import LabError, kind_of, message_of, plain
from labreport.experiments.lab import Session
from labreport.experiments.registry import Lab
from labreport.experiments.result import GREATEST_SECONDS, Failure, Findings, Machine, Record
from labreport.experiments.running import provenance
from labreport.experiments.system import stdout

LabFunction = Literal["introduce", "train", "train_baselines"]
"""A function of a lab."""
LOST = "ProcessEnded"
"""Kind of the failure of what ended its process."""


class Part(Record, frozen=True, kw_only=True):
    """What a lab has found in `introduce`, or in `train` for one seed."""

    seed: Annotated[int | None, Meta(description="null for introduce.")]
    findings: Annotated[Findings, Meta(description="After a failure: what had been found before, where storable.")]
    timings: Annotated[dict[str, float], Meta(description="Seconds of wall time per stage.")]
    failure: Failure | None = None
    interrupted: Annotated[bool, Meta(description="Whether the user stopped it.")] = False
    peak_memory_bytes: Annotated[int, Meta(description="Greatest resident memory of the process so far.")] = 0
    machine: Annotated[Machine | None, Meta(description="Where it was done; null: not known.")] = None
    packages: Annotated[dict[str, str], Meta(description="Versions there, if others than where the run began.")] = (
        msgspec.field(default_factory=dict)
    )

    @property
    def is_lost(self) -> bool:
        """Whether it was given up, as it ended each process that tried it; other tasks go on."""
        return self.failure is not None and self.failure.kind == LOST

    @property
    def is_complete(self) -> bool:
        """Whether the lab came to its end."""
        return self.failure is None and not self.interrupted


def perform(
    lab: Lab, settings: Any, dataset: Dataset | None, session: Session, function: LabFunction | None = None
) -> Part:
    """Let a lab introduce itself, or train the seed of the session, and return what it has found.

    Args:
        lab: the lab.
        settings: the lab's dataclass.
        dataset: the data set that the lab names, or None.
        session: with nothing found yet; its seed is None for `introduce`.
        function: what is called; None: `introduce` without a seed, else `train`.
    """
    failure, interrupted, findings = None, False, Findings()
    function = function or ("introduce" if session.seed is None else "train")
    seed = () if session.seed is None else (session.seed,)
    call = getattr(lab, function)
    try:
        with stdout.kept_for_results(), lab.home.entered():
            given = None if call is None else call(settings, dataset, session, *seed)
        if given is not None:
            raise LabError(
                f"{function} must return nothing, not {type(given).__name__}: what is found goes into the session."
            )
        findings = storable(session)
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        failure = None if interrupted else failure_of(error, session.open_stages, function)
        try:
            findings = storable(session)
        except Exception:  # the lab may have put anything into the draft; its first error is what counts
            findings = Findings()
    return Part(
        seed=session.seed,
        findings=findings,
        timings=seconds(session.timings),
        failure=failure,
        interrupted=interrupted,
        peak_memory_bytes=provenance.peak_memory_bytes(),
    )


def not_begun(seed: int | None, error: BaseException, stage: str = "data") -> Part:
    """Return what a task gives that did not come to call the lab."""
    interrupted = isinstance(error, KeyboardInterrupt)
    return Part(
        seed=seed,
        findings=Findings(),
        timings={},
        failure=None if interrupted else failure_of(error, [], stage),
        interrupted=interrupted,
    )


def storable(session: Session) -> Findings:
    """Return what has been found, if it can be stored: records hold plain Python values, and a lab may add anything.

    Raises:
        LabError: there is a value that a record can't hold, such as a NumPy number or a whole number of more than 64
            bits.
    """
    try:
        findings = session.draft.findings()
        msgspec.convert(msgspec.to_builtins(findings), Findings)
        msgspec.msgpack.encode(findings)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise LabError(f"What the lab found can't be stored: {error}. Records hold plain Python values.") from error
    return findings


def seconds(timings: dict[str, float]) -> dict[str, float]:
    """Return the times of stages, without what a lab may have put among them that is not a time."""
    return {
        plain(str(name)): value
        for name, value in timings.items()
        if isinstance(value, int | float) and 0 <= value <= GREATEST_SECONDS
    }


def failure_of(error: BaseException, stages: list[str], stage: str) -> Failure:
    """Say in a line what went wrong, without a traceback and without paths of this machine.

    Args:
        error: what was raised.
        stages: the stages that it has left open, the innermost last.
        stage: where it happened if none is open.
    """
    message = provenance.scrub(message_of(error)) or "(without a message)"
    return Failure(kind=kind_of(error), message=message, stage=plain(str((stages or [stage])[-1])))
