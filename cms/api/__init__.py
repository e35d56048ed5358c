"""The HTTP edge: flask, flask-restx and marshmallow stop here."""
