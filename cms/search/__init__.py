"""Full text search over what is published: one reading of words, two indexes, the same answers.

Words are cut, folded and stemmed here and not in the database, so that SQLite (FTS5) and PostgreSQL (``tsvector``)
find the same entries, mark the same words and suggest the same spellings, in every language that has a stemmer. The
databases do what they are good at: keeping posting lists, intersecting them and ranking what was found.

* ``analysis`` makes words of texts; ``parsing`` reads what people type.
* ``model`` has the tables: an index of what is live or planned, and one of what is over; preview adds one of drafts.
  ``indexing`` puts documents in and out, in the transaction of the change.
* ``searching`` finds and ranks, with ``sqlite`` and ``postgresql`` for what the databases spell differently.
* ``highlighting`` marks the words that were found; ``suggesting`` corrects those that were not.

Only the newest matches are ranked: 2,000 of them, and 500 where a query matches very many documents or has words that
very many have. To know how rare such a word is, SQLite would have to count its documents: it counts by where it stands.
So no word is much slower than another, within a type, a tag or an author too.
"""
