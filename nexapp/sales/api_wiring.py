"""The operations of this part in the API. The imports declare them."""

from nexapp.sales import api_activities, api_follow_ups, api_prospects  # noqa: F401
