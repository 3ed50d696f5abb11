"""Settings inside Airflow: the Connections ``waybill_warehouse`` and ``waybill_meta`` laid over the environment.

Connections are fetched here, inside the task that calls, never when a DAG file is read. This module and
``waybill.settings`` are the only ones that look at the environment. Airflow is imported inside the function, because
the parent of a local run needs ``environment`` before it knows which Airflow home to use.
"""

import os
from collections.abc import Mapping

from waybill.redaction import install
from waybill.settings import Settings, load_settings


def airflow_settings() -> Settings:
    """The settings of this Airflow; its secrets are masked in the task's log. ConfigurationError lists all problems."""
    from airflow.sdk.exceptions import AirflowNotFoundException
    from airflow.sdk.log import mask_secret

    from waybill.airflow.hook import MetaHook, WarehouseHook

    values: dict[str, str] = {}
    for hook in (WarehouseHook(), MetaHook()):
        try:
            values.update(hook.values())
        except AirflowNotFoundException:
            continue  # without the connection, the environment alone serves
    settings = load_settings(environment(values))
    secrets = settings.secrets()
    for secret in secrets:
        mask_secret(secret)
    install(secrets)
    return settings


def environment(values: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with values laid over it, for settings and for processes that are started."""
    return {**os.environ, **values}
