"""`taskmix delete`: a search, with everything that is its alone."""

from __future__ import annotations

import argparse

from search.commands.command import Commands, agrees


def add_to(commands: Commands) -> None:
    parser = commands.add("delete", _delete, "delete a search, with everything that no other one needs")
    parser.add_argument("name")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _delete(options: argparse.Namespace) -> int:
    from search.config.workspace import find
    from search.display import report
    from search.retention.delete import plan_deletion, remove_folder
    from search.studies.lease import acquire
    from search.tracking.deletion import delete_experiment, lies_elsewhere

    workspace = find(options.name)
    with acquire(workspace):
        plan = plan_deletion(workspace)
        print(report.deletion(plan, workspace.mlflow_uri if lies_elsewhere(workspace) else None))
        if not options.yes and not agrees("delete? [y/N] ", f"taskmix delete {options.name} --yes"):
            print("nothing was deleted")
            return 0
        if lies_elsewhere(workspace):
            delete_experiment(workspace)  # first: a server that is away keeps the rest
        plan.carry_out()
    remove_folder(workspace.folder)
    print(f"{workspace.name} is deleted")
    return 0
