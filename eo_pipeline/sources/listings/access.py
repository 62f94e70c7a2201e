"""How the files of an archive are reached, for those who list them and for GDAL, which reads them.

What does not belong here: listing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from eo_pipeline.core.settings import Settings
from eo_pipeline.storage.scenes.gdal_settings import gdal_options
from eo_pipeline.storage.scenes.google_settings import google_options, google_secrets
from eo_pipeline.storage.transfer.patience import Patience


@dataclass(frozen=True)
class Access:
    """Addresses and credentials.

    Attributes:
        settings: of the deployment: Cloud Storage's address, and credentials for gs.
        anonymous: True for buckets that everybody may read: no request is signed.
        s3_endpoint: address of another S3 than Amazon's; empty for that one.
        s3_region: of the bucket; empty as the environment says. Keys of S3 are the environment's (AWS_ACCESS_KEY_ID,
            AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), in workers, too.
        patience: with trouble that may pass.
        threads: that ask at the same time.
    """

    settings: Settings = field(default_factory=Settings)
    anonymous: bool = False
    s3_endpoint: str = ""
    s3_region: str = ""
    patience: Patience = field(default_factory=Patience)
    threads: int = 16

    @property
    def google(self) -> Settings:
        """The deployment as gs is asked."""
        return replace(self.settings, credentials="anonymous") if self.anonymous else self.settings

    @property
    def options(self) -> dict[str, str]:
        """GDAL's options, none of them secret."""
        return {**gdal_options(self.patience), **google_options(self.google), **self._s3_options}

    def secrets_for(self, hrefs: Iterable[str]) -> dict[str, str]:
        """GDAL's secret options that some files need; none if no file is on gs.

        Raises:
            CredentialsError: they are needed, and cannot be read.
        """
        return google_secrets(self.google) if any(href.startswith("gs://") for href in hrefs) else {}

    def options_for(self, hrefs: Iterable[str]) -> dict[str, str]:
        """Both, for this process alone.

        Raises:
            CredentialsError: see `secrets_for`.
        """
        return {**self.options, **self.secrets_for(hrefs)}

    @property
    def _s3_options(self) -> dict[str, str]:
        parts, options = urlsplit(self.s3_endpoint), dict[str, str]()
        if parts.netloc:
            https = "YES" if parts.scheme == "https" else "NO"
            options |= {"AWS_S3_ENDPOINT": parts.netloc, "AWS_HTTPS": https, "AWS_VIRTUAL_HOSTING": "FALSE"}
        if self.s3_region:
            options["AWS_REGION"] = self.s3_region
        if self.anonymous:
            options["AWS_NO_SIGN_REQUEST"] = "YES"
        return options
