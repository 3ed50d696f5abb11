# One image for every service: Airflow, dbt and Waybill at exactly the versions of requirements.lock.
FROM python:3.11-slim

ENV AIRFLOW_HOME=/opt/waybill/airflow \
    WAYBILL_HOME=/opt/waybill/data \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1

# Nobody in the image needs root; the two folders below become volumes and keep this owner.
RUN useradd --uid 50000 --create-home waybill \
    && install --directory --owner=waybill --mode=0700 /opt/waybill /opt/waybill/airflow /opt/waybill/data

WORKDIR /opt/waybill
COPY requirements.lock pyproject.toml README.md LICENSE ./
COPY include include
RUN pip install --no-cache-dir --constraint requirements.lock --editable .
COPY dags dags
COPY dbt_project dbt_project

USER waybill
CMD ["waybill", "--help"]
