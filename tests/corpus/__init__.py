"""The recorded corpus: some 600 requests to a small site, and what each was answered, byte for byte.

It shows that a change inside the service changes nothing on the wire. ``tests/test_recorded_answers.py`` compares, and
says how to record anew.
"""
