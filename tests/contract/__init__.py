"""The detector of changes that would break a client: it compares what two OpenAPI documents mean.

``rules.py`` lists what counts as a break, and ``openapi/releases/README.md`` explains it for readers. ``make check``
runs ``python -m tests.contract``, which compares ``openapi/v1.json`` with the newest document below
``openapi/releases/``.

No library is used: those on PyPI know few of the rules, ``oasdiff`` is a Go program, and the ``diff`` of Redocly's
command line is experimental and needs Node.js.
"""
