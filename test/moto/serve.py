"""A moto server on a free port of 127.0.0.1 that answers one request at a time.

moto's own, moto_server, answers several: there two conditional updates of one item may both find it as they
expect.
"""

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

run_simple("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
