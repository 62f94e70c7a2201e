"""What GDAL is told of gs; signing itself is shown where tiles are read from a bucket that wants a key."""

import json

from eo_pipeline.core.settings import Settings
from eo_pipeline.storage.scenes.google_settings import google_options, google_secrets

KEY = {"type": "service_account", "client_email": "a@b", "private_key": "secret key", "token_uri": "http://x/token"}


def test_anonymous_requests_are_not_signed() -> None:
    there = Settings(credentials="anonymous", storage_url="http://x")
    assert google_options(there) == {"CPL_GS_ENDPOINT": "http://x/", "GS_NO_SIGN_REQUEST": "YES"}
    assert google_secrets(there) == {}


def test_a_key_is_handed_over_as_a_secret_not_as_a_file() -> None:
    here = Settings(credentials=json.dumps(KEY))
    assert google_options(here) == {}
    assert google_secrets(here) == {
        "GS_OAUTH2_PRIVATE_KEY": "secret key",
        "GS_OAUTH2_CLIENT_EMAIL": "a@b",
        "GO2A_AUD": "http://x/token",
    }


def test_application_default_credentials_are_gdal_s_business() -> None:
    assert google_secrets(Settings()) == {}
