"""`labreport check`: the gate, for CI."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labreport.report.commands import options
from labreport.report.commands.console import Reporter, shown
from labreport.report.commands.judged import print_verdict
from labreport.report.configuration import Configuration, override
from labreport.report.errors import explained

if TYPE_CHECKING:
    from labreport.report.gate.checking import Checked

FOLDER = "check"


@click.command(
    "check",
    epilog="\b\nExamples:\n  labreport check --baseline main\n"
    "  labreport check imdb --baseline last:5 --confirm -o gate\n"
    "  labreport check --baseline ancestor:origin/main",
)
@options.LABS
@click.option(
    "--baseline",
    metavar="B",
    help="A name, names such as feature/x,main (the first that has the lab), a run, a path, last:N, or ancestor:REV.  "
    "[default: gate.baseline]",
)
@click.option("--confirm", is_flag=True, help="Run suspicious labs again, with fresh seeds.")
@click.option("--inconclusive-fails", is_flag=True, help="Exit with 6 where there are too few runs to tell.")
@click.option("--no-report", is_flag=True, help="Leave the report out; write only the verdict.")
@click.option("--profile", metavar="NAME", help="Check runs of this profile.  [default: full]")
@click.option("--data", metavar="KIND", help="Check runs on full or sample data; auto: on either.  [default: auto]")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Folder with the data files of Keras, for --confirm.")
@click.option("--offline", is_flag=True, default=None, help="Never try to download data.")
@options.RUNS_DIR
@click.option("--lang", metavar="LIST", help="zh, en.  [default: zh,en]")
@click.option("--to", metavar="LIST", help="Forms of the report: html, pdf, md.  [default: html,pdf]")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of the check.  [default: reports/check]")
@options.AS_JSON
@options.QUIET
@options.VERBOSE
def command(
    baseline: str | None,
    confirm: bool,
    inconclusive_fails: bool,
    no_report: bool,
    output: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    **flags: Any,
) -> int:
    """Compare the newest run of each lab with a baseline, and report by the exit code what came out.

    The newest run of a lab is that of the present version (source, settings, data), where there is one.

    0: passed. 1: a gate failed. 2: wrong usage, or a run can't be read. 3: a lab or its confirmation failed. 5:
    nothing to compare. 6: too few runs to tell, where --inconclusive-fails asks for it. Writes summary, JUnit file,
    report and page.
    """
    # Imported here, so that --help stays quick.
    from labreport.report.gate import folder

    configuration = options.resolve(**flags)
    target = output or configuration.output / FOLDER
    reporter = Reporter(quiet=quiet or as_json, verbose=verbose)
    # An answer of yesterday must not stand where today's could not be given.
    for name in folder.FILES:
        with contextlib.suppress(OSError):
            (target / name).unlink()
    return _checked(
        configuration,
        target,
        reporter,
        baseline=baseline,
        confirm=confirm,
        inconclusive_fails=inconclusive_fails,
        report=not no_report,
        as_json=as_json,
    )


def _checked(
    configuration: Configuration,
    target: Path,
    reporter: Reporter,
    *,
    baseline: str | None,
    confirm: bool,
    inconclusive_fails: bool,
    report: bool,
    as_json: bool,
) -> int:
    from labreport.report.gate import checking, folder
    from labreport.report.store import codec
    from labreport.report.store.listed import ListedStore

    store = ListedStore(configuration.runs_dir)
    rerun = None
    if confirm:
        rerun = checking.rerunner(configuration, store, progress=reporter.advance, announce=reporter.say)
    with reporter.bars():
        reporter.stage("check: judging the runs")
        found = checking.check(configuration, baseline, store=store, rerun=rerun)
    verdict = found.verdict
    code = verdict.exit_code(inconclusive_fails=inconclusive_fails)
    # Remembered and written before the report is rendered: no fault of a page, or of a disk, can lose the verdict.
    checking.remember(store, verdict)
    writable = _written(found, target, configuration, code)
    if not writable:
        code = code or 4
    if report and found.runs and writable:
        try:
            code = _with_report(found, configuration, target, reporter, code)
        except Exception as error:
            _, message = explained(error)
            click.echo(f"Error: the report could not be rendered ({message}); the verdict stands.", err=True)
            code = code or 4
            _written(found, target, configuration, code)
    if remark := folder.append_verdict(verdict, configuration.lang, code, os.environ):
        click.echo(f"Note: {remark}", err=True)
    for message in (found.message, *verdict.unreadable):
        if message:
            click.echo(f"Error: {message}", err=True)
    if as_json:
        answer = folder.Written(outcome=verdict.outcome, exit_code=code, verdict=verdict)
        click.echo(codec.encode(answer).decode(), nl=False)
    else:
        print_verdict(verdict, verbose=reporter.verbose)
        click.echo(shown(target / folder.INDEX))
    return code


def _written(found: Checked, target: Path, configuration: Configuration, code: int) -> bool:
    """Write the verdict and return whether that was possible; say why where it was not."""
    from labreport.report.gate import folder
    from labreport.report.store.files import OutputError

    try:
        folder.write(found.verdict, target, configuration.lang, code, look=configuration.look)
    except OutputError as error:
        click.echo(f"Error: {error}", err=True)
        return False
    return True


def _with_report(found: Checked, configuration: Configuration, target: Path, reporter: Reporter, code: int) -> int:
    from labreport.report.commands.rendering import rendered
    from labreport.report.gate import folder
    from labreport.report.store import manifest

    inside = override(configuration, output=target / manifest.REPORT)
    outcome = rendered(found.runs, inside, reporter, split=False, force=False)
    if outcome.problems and code == 0:
        code = 4
    folder.write(found.verdict, target, configuration.lang, code, outcome.outputs, look=configuration.look)
    return code
