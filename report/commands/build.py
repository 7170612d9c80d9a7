"""`labreport build`: run what is stale, then render."""

from __future__ import annotations

from typing import Any

import click

from labreport.report.commands import options
from labreport.report.commands.console import Reporter, print_json, shown
from labreport.report.commands.rendering import print_outputs, rendered, told_false
from labreport.report.commands.running import ran
from labreport.report.publish import prepare


@click.command(
    "build",
    epilog="\b\nExamples:\n  labreport build\n  labreport build imdb boston --seeds 0-4 --lang en --to pdf",
)
@options.LABS
@options.run_options
@options.render_options
@options.AS_JSON
@options.FORCE
@options.STRICT
@options.QUIET
@options.VERBOSE
def command(
    assignments: tuple[str, ...],
    as_json: bool,
    force: bool,
    strict: bool,
    quiet: bool,
    verbose: bool,
    split: bool,
    **flags: Any,
) -> int:
    """Run what is stale, then render the report: the main job.

    A lab runs when no stored run has the same source, settings, data, seeds and versions. Without LAB: the six
    labs of the book and your own. `all`: every lab; remedies and others that are shipped run by name or with it.
    """
    configuration = options.resolve(**flags)
    reporter = Reporter(quiet=quiet or as_json, verbose=verbose)
    prepare(configuration)
    done = ran(configuration, assignments, reporter, force=force)
    outcome = rendered([one.stored for one in done], configuration, reporter, split=split, force=force)
    failed = [one for one in done if one.result.status != "complete"]
    if as_json:
        print_json(
            {
                "runs": [
                    {
                        "lab": one.plan.lab,
                        "run": one.result.run_id,
                        "status": one.result.status,
                        "trained": one.trained,
                        "path": shown(one.stored.path),
                    }
                    for one in done
                ],
                "outputs": [shown(path) for path in outcome.outputs],
                "problems": list(outcome.problems),
            }
        )
    else:
        print_outputs(outcome, configuration.output)
    wrong = strict and told_false([one.result for one in done], configuration)
    if failed:
        return 3
    return 4 if outcome.problems else int(wrong)
