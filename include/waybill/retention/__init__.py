"""What is kept how long, and how it leaves: by age (``waybill purge``) and by a person's wish."""
