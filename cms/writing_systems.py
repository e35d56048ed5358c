"""The characters of scripts without spaces between words, as ranges for the brackets of a regular expression."""

HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese characters, wherever they are used, with the zero and the marks that stand for a whole character."""
KANA_LETTERS = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d"
"""The letters of Hiragana and Katakana. Search takes these alone: a voicing mark belongs to the letter before it."""
KANA = "\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f"
"""Their whole blocks. Counting and comparing take a voicing mark or a middle dot for a character of its own."""
SOUTH_EAST_ASIAN = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u1000-\u102a\u1780-\u17b3"
)
"""The letters of Thai, Lao, Myanmar and Khmer."""
HANGUL = "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"
"""The syllables and letters of Korean, which has spaces, but also particles that cling to words."""
