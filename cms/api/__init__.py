"""The HTTP edge. No other package imports flask, flask-restx or marshmallow."""
