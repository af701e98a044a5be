"""What a text costs, as an estimate: the provider's list price for one segment, by the country of the number.

Carriers' fees and discounts come on top or off; the provider's own console has the real figures.
"""

from __future__ import annotations

from decimal import Decimal

SEGMENT_DOLLARS = {
    "US": "0.0083", "CA": "0.0083", "PR": "0.0083", "GB": "0.0524", "IE": "0.0879", "AU": "0.0515", "NZ": "0.1050",
    "DE": "0.1125", "AT": "0.1093", "CH": "0.0758", "FR": "0.0798", "ES": "0.0885", "IT": "0.0927", "PT": "0.0510",
    "NL": "0.1086", "BE": "0.1051", "DK": "0.0583", "SE": "0.0569", "NO": "0.0727", "FI": "0.1010", "PL": "0.0461",
    "MX": "0.0703", "BR": "0.0660", "IN": "0.0832", "ZA": "0.0318", "IL": "0.2575", "SG": "0.0512",
}  # fmt: skip
ELSEWHERE = "0.1000"


def text_dollars(segments: int, country: str) -> Decimal:
    """What one text of so many segments costs to a number of the country, in US dollars."""
    return segments * Decimal(SEGMENT_DOLLARS.get(country.upper(), ELSEWHERE))
