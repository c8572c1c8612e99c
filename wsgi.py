"""For a WSGI server: ``gunicorn wsgi:app``. The installed wheel has the same at ``dsa.web:create_app()``."""

from dsa.web import create_app

app = create_app()
