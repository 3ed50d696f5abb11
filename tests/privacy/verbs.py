"""A child process that calls the real command line again and again, so that its imports cost once.

``python verbs.py`` reads a JSON list of argument lists; after each call it prints the exit code.
"""

import json
import sys

from waybill.cli import main

for arguments in json.load(sys.stdin):
    print("$ waybill", arguments[0])  # noqa: T201 - what people type may be what must not be found
    sys.argv = ["waybill", *arguments]
    try:
        main()
    except SystemExit as ended:
        sys.stdout.flush()
        print(f"= {ended.code}")  # noqa: T201
