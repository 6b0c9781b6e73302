# The page with torch's CPU build; docs/share.md tells how it is started.
FROM python:3.11-slim

WORKDIR /page
COPY requirements.txt ./
COPY cloud/requirements.txt cloud/
RUN python -m pip install --no-cache-dir -r cloud/requirements.txt

COPY .streamlit .streamlit/
COPY assets assets/
COPY viz viz/
COPY page page/
COPY app.py ./

# A volume that is mounted there belongs to this user, too; all else may be read-only but /tmp.
RUN useradd --uid 1000 --no-create-home visitor && install --directory --owner visitor /weights
ENV HOME=/tmp TORCH_HOME=/weights PYTHONDONTWRITEBYTECODE=1 STREAMLIT_SERVER_PORT=8501
USER 1000

EXPOSE 8501
HEALTHCHECK --start-period=60s CMD python -c \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:$STREAMLIT_SERVER_PORT/_stcore/health')"
CMD ["python", "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
