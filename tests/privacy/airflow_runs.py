"""A child process with Airflow in it: runs DAGs with all debug logging on.

The first line of standard input is a JSON list of connections, each other one names a DAG. It answers each with one
JSON object a line; all that Airflow and the tasks print goes to standard error.
"""

import json
import logging
import os
import sys
from typing import IO


def main(connections: list[dict[str, str]], out: IO[str]) -> None:
    from airflow.dag_processing.dagbag import DagBag
    from airflow.models import Connection
    from airflow.utils.session import create_session

    from waybill.airflow.chain import prepare_airflow, run_dag

    prepare_airflow()
    with create_session() as session:
        for connection in connections:
            session.add(Connection(**connection))
    dag_bag = DagBag()
    for name in ("", "sqlalchemy", "sqlalchemy.engine", "urllib3", "great_expectations", "airflow", "waybill"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    for line in sys.stdin:
        _, succeeded = run_dag(line.strip(), dag_bag)
        out.write(json.dumps({"dag": line.strip(), "succeeded": succeeded}) + "\n")
        out.flush()


if __name__ == "__main__":
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    main(json.loads(sys.stdin.readline()), answers)
