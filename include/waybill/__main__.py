"""``python -m waybill``: the command line, where its script is not on the path."""

from waybill.cli import main

main()
