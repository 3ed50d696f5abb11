"""Lets a step of the real command line, and the dbt it starts, be traced or killed: on PYTHONPATH in tests only."""

import json
import os

if os.environ.get("PYTHON_FAULTS_TRACED"):
    import resource

    from boundaries import Tracer, install

    wish = json.loads(os.environ["PYTHON_FAULTS_TRACED"])
    kill, full = wish.get("kill"), wish.get("full")
    if wish.get("file_limit") is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (wish["file_limit"], wish["file_limit"]))
    install(Tracer(wish["home"], wish.get("record", ""), tuple(kill) if kill else None, tuple(full) if full else None))
