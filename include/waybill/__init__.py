"""Carries a company's conversions from its warehouse to the ad platforms' conversion APIs, and accounts for every one."""
