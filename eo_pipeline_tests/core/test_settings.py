import pytest

from eo_pipeline.core.engine_choice import EngineChoice
from eo_pipeline.core.requests.allowance import Allowance
from eo_pipeline.core.settings import EARTH_ENGINE_URL, INTERACTIVE_URL, MONITORING_URL, Settings
from eo_pipeline.errors import SettingsError


def test_without_any_variable_it_is_google_s_services_and_a_local_folder() -> None:
    found = Settings.from_mapping({})
    assert (found.earth_engine_url, found.interactive_url) == (EARTH_ENGINE_URL, INTERACTIVE_URL)
    assert (found.storage_url, found.drive_url) == ("", "")
    assert (found.credentials, found.root) == ("application_default", "data")
    assert (found.project, found.bucket, found.scratch, found.poll_seconds) == ("", "", "", 30)
    assert found.monitoring_url == MONITORING_URL
    assert found == Settings()


def test_every_variable_is_read() -> None:
    found = Settings.from_mapping(
        {
            "EO_PROJECT": "my-project",
            "EO_EARTH_ENGINE_URL": "http://one/",
            "EO_INTERACTIVE_URL": "http://two/",
            "EO_STORAGE_URL": "http://three/",
            "EO_DRIVE_URL": "http://four/",
            "EO_CREDENTIALS": "anonymous",
            "EO_BUCKET": "my-bucket",
            "EO_ROOT": "gs://place",
            "EO_SCRATCH": "/fast",
            "EO_POLL_SECONDS": "5",
            "EO_COMPUTE_TIER": "partner",
            "EO_MAX_CONCURRENT_EXPORTS": "8",
            "EO_MONITORING_URL": "http://five/",
            "EO_REQUESTS_AT_ONCE": "80",
            "EO_REQUESTS_PER_SECOND": "200",
            "EO_MOST_REQUESTS_AT_ONCE": "160",
            "EO_STAC_URL": "http://six/",
            "EO_ENGINE": "processes:3",
            "EO_LAND": "land.gpkg",
        }
    )
    assert found == Settings(
        project="my-project",
        earth_engine_url="http://one",
        interactive_url="http://two",
        storage_url="http://three",
        drive_url="http://four",
        credentials="anonymous",
        bucket="my-bucket",
        root="gs://place",
        scratch="/fast",
        poll_seconds=5,
        compute_tier="partner",
        max_concurrent_exports=8,
        monitoring_url="http://five",
        requests_at_once=80,
        requests_per_second=200,
        most_requests_at_once=160,
        stac_url="http://six",
        engine=EngineChoice(workers=3),
        land="land.gpkg",
    )
    assert found.allowance == Allowance(at_once=80, per_second=200, most=160)
    assert Settings().allowance == Allowance() == Allowance(at_once=40, per_second=100, most=400)


def test_empty_variables_are_like_absent_ones() -> None:
    names = (
        "EO_EARTH_ENGINE_URL",
        "EO_INTERACTIVE_URL",
        "EO_CREDENTIALS",
        "EO_ROOT",
        "EO_POLL_SECONDS",
        "EO_MONITORING_URL",
    )
    assert Settings.from_mapping(dict.fromkeys(names, "")) == Settings()


def test_another_service_answers_interactive_requests_and_monitoring_too() -> None:
    found = Settings.from_mapping({"EO_EARTH_ENGINE_URL": "http://here/"})
    assert (found.interactive_url, found.monitoring_url) == ("http://here", "http://here")


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "soon", "30s"])
def test_a_wrong_number_of_seconds_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=rf"EO_POLL_SECONDS: expected whole seconds above 0, got '{text}'"):
        Settings.from_mapping({"EO_POLL_SECONDS": text})


def test_a_service_is_its_address_and_project() -> None:
    here = Settings.from_mapping({"EO_EARTH_ENGINE_URL": "http://here", "EO_PROJECT": "p"})
    assert here.service == "http://here p"
    assert here.service != Settings.from_mapping({"EO_EARTH_ENGINE_URL": "http://there", "EO_PROJECT": "p"}).service
    assert here.service != Settings.from_mapping({"EO_EARTH_ENGINE_URL": "http://here", "EO_PROJECT": "q"}).service


def test_credentials_are_never_printed() -> None:
    assert "secret" not in repr(Settings(credentials='{"private_key": "secret"}'))


def test_prices_of_a_contract_are_read() -> None:
    found = Settings.from_mapping({"EO_EECU_HOUR_PRICE": "0.25", "EO_EGRESS_PRICE": "0"})
    assert (found.eecu_hour_price, found.egress_price) == (0.25, 0.0)
    assert Settings.from_mapping({"EO_EECU_HOUR_PRICE": ""}).eecu_hour_price is None


@pytest.mark.parametrize("text", ["-1", "$0.4", "0,40", "free", "nan"])
def test_a_price_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"EO_EECU_HOUR_PRICE: expected dollars such as 0\.40, got"):
        Settings.from_mapping({"EO_EECU_HOUR_PRICE": text})


@pytest.mark.parametrize("name", ["EO_REQUESTS_AT_ONCE", "EO_REQUESTS_PER_SECOND", "EO_MOST_REQUESTS_AT_ONCE"])
def test_an_allowance_is_a_number_of_requests(name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name}: expected a number of requests above 0, got 'many'; correct it$"):
        Settings.from_mapping({name: "many"})
