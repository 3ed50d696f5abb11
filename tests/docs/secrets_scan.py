"""Fails when a tracked file holds what looks like a real secret: a token of the Graph API, a private key."""

import re
import subprocess
import sys
from pathlib import Path

SECRETS = re.compile(r"EAA[A-Za-z0-9]{40,}|-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}")


def main() -> int:
    tracked = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True).stdout.split("\0")
    found = 0
    for name in filter(None, tracked):
        path = Path(name)
        if not path.is_file():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), start=1):
            if SECRETS.search(line):
                sys.stderr.write(f"{name}:{number}: looks like a secret; take it out, and revoke it if it was real\n")
                found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
