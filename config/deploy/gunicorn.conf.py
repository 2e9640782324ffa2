"""The web processes. `gunicorn --config config/deploy/gunicorn.conf.py config.wsgi`."""

import os

bind = os.environ.get("SAYR_BIND", "127.0.0.1:8000")
# Pages wait for the database most of the time: threads fill that time, processes the cores.
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = int(os.environ.get("SAYR_WEB_THREADS", "8"))

# A page that takes longer is lost to its reader anyway; statements end after 30 seconds.
timeout = 60
# Longer than nginx keeps an idle connection to us, so that it never meets a closed one.
keepalive = 75
graceful_timeout = 30

# Memory that grows slowly is given back; not by all workers at once.
max_requests = 10_000
max_requests_jitter = 1_000

# The heartbeat file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
# An address for commands that nobody here gives.
control_socket_disable = True

accesslog = None  # nginx writes one
errorlog = "-"
