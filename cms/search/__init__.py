"""Full text search over published entries, with the same answers on SQLite and PostgreSQL.

Texts are cut into words, folded and stemmed here and not in the database, so that SQLite (FTS5) and PostgreSQL
(``tsvector``) find the same entries, mark the same words and suggest the same spellings, in every language that has a
stemmer. The databases keep the posting lists, intersect them and rank the matches.

* ``analysis`` cuts texts into words; ``parsing`` reads the queries that people type.
* ``model`` has the tables: one index for live and planned publications and one for past ones. Preview adds one for
  drafts. ``indexing`` adds documents to an index and removes them, in the transaction of the write.
* ``searching`` finds and ranks; ``sqlite`` and ``postgresql`` have the SQL in which the databases differ.
* ``highlighting`` marks the words that were found; ``suggesting`` corrects words that were not.

Only the newest matches are ranked: 2,000 of them, or 500 if the query matches very many documents or has very frequent
words. On SQLite the score depends on the field that a word is in and not on how rare the word is, since SQLite would
have to count all documents of a frequent word. So a frequent word is not much slower than a rare one, even within a
type, a tag or an author.
"""
