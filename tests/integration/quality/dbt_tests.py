"""A child process that runs single dbt tests again and again, so that dbt is imported and the project parsed once.

``python dbt_tests.py ARGUMENT…`` reads a line of test names at a time and answers with one JSON object: the status of
each by its name. What dbt prints goes to standard error.
"""

import json
import os
import sys

from dbt.cli.main import dbtRunner


def main(options: list[str]) -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        names = line.split()
        done = dbtRunner().invoke(["test", "--select", *names, *options])
        found = {each.node.name: str(each.status) for each in getattr(done.result, "results", [])}
        answers.write(json.dumps(found) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
