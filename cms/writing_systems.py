"""The characters of scripts without spaces between words, as ranges for a character class of a regular expression."""

HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese characters in any language, with the ideographic zero and the iteration marks, which replace a character."""
KANA_LETTERS = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d"
"""The letters of Hiragana and Katakana. Search uses only these: a voicing mark belongs to the letter before it."""
KANA = "\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f"
"""The whole blocks of Hiragana and Katakana. Word counts and diffs treat a voicing mark as a character of its own."""
SOUTH_EAST_ASIAN = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u1000-\u102a\u1780-\u17b3"
)
"""The letters of Thai, Lao, Myanmar and Khmer."""
HANGUL = "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"
"""The syllables and letters of Korean, which has spaces, but attaches particles to words."""
