"""Carries conversions from a warehouse to the ad platforms' conversion APIs, and accounts for every one of them."""
