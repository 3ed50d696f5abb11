"""A local Graph API that keeps Meta's Conversions API contract: for the demo, for tests, for fault tests.

It shares no code with the product, so that neither can hide the other's mistake, and nothing of the product imports
it; the command line and tests do.
"""

from waybill.emulator.book import Book, BookedEvent, BookedRequest
from waybill.emulator.local import Emulator, running
from waybill.emulator.server import serve

__all__ = ["Book", "BookedEvent", "BookedRequest", "Emulator", "running", "serve"]
