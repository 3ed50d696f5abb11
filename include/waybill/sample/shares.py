"""How much of everything the sample shop has: every share in one place, so that its mess can be argued about.

A number is a probability per row (of the kind the name says) unless its comment gives a unit. They are
plausible, not measured: a shop whose data is mostly fine and wrong in all the usual ways.
"""

from typing import Final

# Time ----------------------------------------------------------------------------------------------------------
QUIET_SECONDS: Final = 180  # nothing happens in the last minutes before as_of
RECENCY: Final = 2.5  # age = span × u^RECENCY: a growing shop, half of its orders within the last day or so
DAILY_RHYTHM: Final = 0.7  # strength of the day's wave (0 = none, below 1), highest at PEAK_HOUR
PEAK_HOUR: Final = 19  # UTC
BEFORE_START: Final = 0.03  # orders and leads from before start_at …
BEFORE_START_DAYS: Final = 20  # … up to so many days before it; store orders reach STORE_OLDEST_DAYS
STORE_OLDEST_DAYS: Final = 62
COMMIT_SECONDS: Final = 6.0  # mean seconds from what happened to its row in the warehouse
LATE_COMMIT: Final = 0.02  # rows that reach the warehouse half an hour to LATE_HOURS later
LATE_HOURS: Final = 8.0

# Customers -----------------------------------------------------------------------------------------------------
CUSTOMERS_PER_ORDER: Final = 0.62
NEW_CUSTOMERS: Final = 0.4  # made minutes before their first order; the others up to 400 days earlier
PROFILE_CHANGED: Final = 0.08  # changed their profile some time after they were created

EMAIL: Final = {  # written forms
    "plain": 0.811,
    "upper": 0.05,
    "spaces": 0.03,
    "tagged": 0.02,  # jane.doe+shop@…
    "two": 0.006,  # two addresses in one field
    "invalid": 0.015,
    "placeholder": 0.01,
    "sha256": 0.005,  # an import that was hashed before it came …
    "sha256_upper": 0.002,
    "sha256_suffix": 0.002,  # … by a parameter builder, which says so behind a dot
    "md5": 0.002,  # … the old way, which no platform matches
    "sha256_of_nothing": 0.002,  # … though the field was empty
    "missing": 0.045,
}
PHONE: Final = {"written": 0.854, "extension": 0.02, "full_width": 0.006, "junk": 0.02, "missing": 0.10}
NAME: Final = {  # "marked": with an invisible character inside
    "plain": 0.862, "upper": 0.04, "spaces": 0.03, "nfd": 0.02, "marked": 0.01, "placeholder": 0.008, "missing": 0.03,
}  # fmt: skip
NO_ADDRESS: Final = 0.12  # city, state and postal code all missing
PLACEHOLDER_CITY: Final = 0.005
NO_COUNTRY: Final = 0.02
GENDER: Final = {"missing": 0.45, "letter": 0.35, "word": 0.15, "odd": 0.05}
BIRTH_DATE: Final = {"missing": 0.60, "iso": 0.32, "local": 0.06, "junk": 0.02}  # local: as the country writes days

# Orders --------------------------------------------------------------------------------------------------------
CHANNEL: Final = {"web": 0.75, "store": 0.19, "phone": 0.02, "email": 0.015, "chat": 0.02, "marketplace": 0.005}
GUEST: Final = 0.03  # orders without a customer
TEST_ORDER: Final = 0.012
OUTCOME: Final = {  # what becomes of an order; what would happen after as_of has not happened
    "paid": 0.87,
    "duplicate": 0.005,  # booked twice by the shop, and marked so
    "pending": 0.035,
    "cancelled_unpaid": 0.02,
    "cancelled_paid": 0.025,
    "refunded": 0.025,
    "partially_refunded": 0.02,
}
SLOW_PAYMENT: Final = 0.03  # bank transfers: paid 2 to 40 hours after the order
FULFILLED: Final = 0.15  # paid web orders whose row was touched again when they were shipped
ODD_ORDER_ID: Final = 0.03  # ids with letters, dashes, a slash
NO_CURRENCY: Final = 0.003
UNKNOWN_CURRENCY: Final = 0.002
LOWER_CURRENCY: Final = 0.005
ZERO_TOTAL: Final = 0.004
NEGATIVE_TOTAL: Final = 0.002
FOUR_DECIMALS: Final = 0.01  # lines priced by weight, to a hundredth of a cent
LINES: Final = {1: 0.55, 2: 0.27, 3: 0.12, 4: 0.06}  # lines of an order
LINES_MISSING: Final = {"web": 0.003, "store": 0.015}  # 0.003 elsewhere
OUTLET: Final = 0.15  # orders of the second brand
HAS_MARGIN: Final = 0.85  # orders with a net revenue
HAS_LTV: Final = 0.10
SEGMENT: Final = {  # what the shop knows of the buyer
    "missing": 0.30,
    "new_customer_to_business": 0.35,
    "existing_customer_to_business": 0.28,
    "customer_in_loyalty_program": 0.07,
}

# Clicks --------------------------------------------------------------------------------------------------------
CLICKED_ORDER: Final = 0.70  # web orders with a click row
CLICKED_LEAD: Final = 0.70
SECOND_CLICK: Final = 0.01  # an older click row of the same order or lead
CAPTURED: Final = 0.50  # clicks with the event_id that the browser used
OWN_EVENT_ID: Final = 0.30  # of the captured: an id of the tag manager's own making
HAS_FBC: Final = 0.60
FBCLID_ONLY: Final = 0.08
HAS_FBP: Final = 0.85
HAS_USER_AGENT: Final = 0.97
HAS_ADDRESS: Final = 0.96
ADDRESS_V6: Final = 0.35
PRIVATE_ADDRESS: Final = 0.005  # a proxy that forgot to forward
EMAIL_IN_URL: Final = 0.01
HAS_REFERRER: Final = 0.60

# Leads ---------------------------------------------------------------------------------------------------------
TEST_LEAD: Final = 0.012
LEAD_STATUS: Final = {"new": 0.70, "qualified": 0.18, "disqualified": 0.07, "spam": 0.05}
LEAD_VALUE: Final = 0.55  # leads with an estimated value
STAGES: Final = (0.30, 0.30, 0.20, 0.10, 0.06, 0.04)  # 1 to 6 changes of stage, of leads of an instant form
STAGE_BEFORE_LEAD: Final = 0.02  # of the first changes: the CRM's clock
NO_META_LEAD_ID: Final = 0.03
PREFIXED_META_LEAD_ID: Final = 0.03

# Subscriptions and appointments --------------------------------------------------------------------------------
SUBSCRIBERS: Final = 0.08  # of the customers
SUBSCRIPTION_DAYS: Final = 60  # how long ago they began, at most
TRIALS: Final = 0.70
TRIAL_ENDS: Final = 0.25  # trials that are cancelled instead of paid for when they are over
LEAVES: Final = 0.20
UPGRADES: Final = 0.10  # of the basic plans
CLICKED_START: Final = 0.70  # trials and first payments with a click row
APPOINTMENTS: Final = 0.10  # of the customers

# Consents: what a subject's rows about advertising say, one after the other ------------------------------------
CONSENT_WHERE_ASKED: Final = {  # Europe, where the shop asks everybody
    "granted": 0.84,
    "denied": 0.05,
    "granted_withdrawn": 0.04,
    "denied_granted": 0.03,
    "analytics_only": 0.02,
    "none": 0.02,
}
CONSENT_ELSEWHERE: Final = {
    "granted": 0.78,
    "denied": 0.02,
    "granted_withdrawn": 0.02,
    "denied_granted": 0.01,
    "analytics_only": 0.01,
    "none": 0.16,
}
CONSENT_BASIS: Final = {  # what a row says that the decision rests on; rows from before that was written down: nothing
    "opt_in": 0.85,
    "missing": 0.10,
    "opt_out": 0.03,  # an import from a shop that only asked who did not want it
    "legitimate_interest": 0.02,
}
ANALYTICS_TOO: Final = 0.40  # subjects with a row about analytics as well

# The later slice -----------------------------------------------------------------------------------------------
LATER: Final = 0.05  # new orders and leads, as a share of what the shop was made with
LATER_MINUTES: Final = 10  # its rows are committed in so many minutes before its as_of
LATER_LATE: Final = 0.15  # of its new orders and leads happened 1 to LATER_LATE_HOURS hours earlier
LATER_LATE_HOURS: Final = 20.0
RETURNING: Final = 0.35  # of its orders are by customers the shop already had
PAYMENTS: Final = 0.40  # of the pending orders are paid now
RENEWAL_ENDS: Final = 0.10  # of the subscriptions whose week is over are cancelled instead of renewed
LATER_UPGRADES: Final = 0.02  # of the other subscriptions of the basic plan
# as shares of the new orders of the slice:
CANCELLATIONS: Final = 0.06
REFUNDS: Final = 0.06
FULFILMENTS: Final = 0.20
WITHDRAWALS: Final = 0.08
STAGE_CHANGES: Final = 0.05  # leads that reach another stage
LATE_CLICKS: Final = 0.10  # click rows that land after their order did
