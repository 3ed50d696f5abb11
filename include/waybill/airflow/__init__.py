"""Waybill inside Airflow: Connections as settings, Assets, the one call of each task, and local runs.

Nothing else in the package imports Airflow.
"""
