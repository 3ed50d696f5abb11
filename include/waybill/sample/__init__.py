"""A realistic shop, made up: what the demo, the tests and a first look at Waybill extract from.

Tables and columns are those of ``waybill.toml``. Words in them:

- orders.channel is web, store or phone; orders.status is pending (not paid), paid, fulfilled, cancelled (paid_at tells
  whether before or after payment), refunded or partially_refunded; amounts are in major units;
- consents.decision is granted, denied or withdrawn, purpose advertising or analytics, subject_type customer or lead;
- leads.status is new, qualified, disqualified or spam.

``shares`` says how much of everything there is.
"""

from waybill.sample.make import SampleReport, add_slice, make

__all__ = ["SampleReport", "add_slice", "make"]
