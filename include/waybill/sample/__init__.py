"""A realistic shop, made up: what the demo, the tests and a first look at Waybill extract from.

Tables and columns are those of ``waybill.toml``. Words in them:

- orders.channel is web, store, phone, email, chat or marketplace; orders.status is pending (not paid), paid, fulfilled,
  cancelled (paid_at tells whether before or after payment), refunded, partially_refunded or duplicate; amounts are in
  major units;
- consents.decision is granted, denied or withdrawn, purpose advertising or analytics, subject_type customer or lead,
  basis opt_in, opt_out, legitimate_interest or missing;
- leads.status is new, qualified, disqualified or spam; those of form instant_form came by the platform's own form and
  have lead_stages, one row per change of stage in the CRM;
- subscription_events.event_type is trial_started, subscribed, renewed, upgraded or cancelled;
- appointments are in the shop but not in ``waybill.toml``, for those who want to add a table.

``shares`` says how much of everything there is.
"""

from waybill.sample.make import SampleReport, add_slice, make

__all__ = ["SampleReport", "add_slice", "make"]
