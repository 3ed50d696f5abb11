"""Lets a step of the real command line, and the dbt it starts, be traced or killed: on PYTHONPATH in tests only."""

import json
import os

if os.environ.get("FAULTS_TRACED"):
    from boundaries import Tracer, install

    wish = json.loads(os.environ["FAULTS_TRACED"])
    kill = wish.get("kill")
    install(Tracer(wish["home"], wish.get("record", ""), tuple(kill) if kill else None))
