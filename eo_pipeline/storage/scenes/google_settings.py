"""How GDAL reads gs under a deployment's address and credentials, as values that can be handed to workers.

Files with keys need not be on a worker's machine: the key itself is handed over. What does not belong here: how often
GDAL asks again (`gdal_settings`).
"""

from eo_pipeline.core.settings import Settings
from eo_pipeline.storage.credentials import load_credentials, service_account_key


def google_options(settings: Settings) -> dict[str, str]:
    """GDAL's options for gs (https://gdal.org/en/stable/user/virtual_file_systems.html#vsigs); none is secret."""
    options = {"CPL_GS_ENDPOINT": f"{settings.storage_url}/"} if settings.storage_url else {}
    if settings.credentials == "anonymous":
        options["GS_NO_SIGN_REQUEST"] = "YES"
    return options


def google_secrets(settings: Settings) -> dict[str, str]:
    """GDAL's options that sign requests to gs, to be kept secret; empty where GDAL looks for them itself.

    Raises:
        CredentialsError: see `load_credentials`.
    """
    spec = settings.credentials
    if spec in ("anonymous", "application_default"):
        return {}
    if spec == "persistent":
        person = load_credentials(spec)
        names = {"REFRESH_TOKEN": "refresh_token", "CLIENT_ID": "client_id", "CLIENT_SECRET": "client_secret"}
        return {f"GS_OAUTH2_{name}": str(getattr(person, field)) for name, field in names.items()}
    key = service_account_key(spec)
    secrets = {"GS_OAUTH2_PRIVATE_KEY": str(key["private_key"]), "GS_OAUTH2_CLIENT_EMAIL": str(key["client_email"])}
    return {**secrets, "GO2A_AUD": str(key["token_uri"])} if "token_uri" in key else secrets
