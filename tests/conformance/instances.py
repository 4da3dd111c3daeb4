"""Checks of the instances: the links to their CAs as five services give them, real handshakes that these
CAs verify, and the SSL switch of TaurusDB with its jobs. They run on a cloud of their own.
"""

import io
import socket
import ssl
import struct
import time
import zipfile
from datetime import datetime, timedelta, timezone

from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException, ServerResponseException
from huaweicloudsdkdcs.v2 import DownloadSslCertRequest, ShowInstanceSslDetailRequest
from huaweicloudsdkdds.v3 import ListSslCertDownloadAddressRequest
from huaweicloudsdkgaussdb.v3 import (
    ListImmediateJobsRequest, ShowGaussMySqlJobInfoRequest,
    SwitchGaussMySqlInstanceSslRequest, SwitchSSLRequest)
from huaweicloudsdkgaussdbfornosql.v3 import (
    ListInstancesRequest, ListSslCertDownloadAddressesRequest)
from huaweicloudsdkgaussdbforopengauss.v3 import ShowSslCertDownloadLinkRequest
from huaweicloudsdkrds.v3 import ListSslCertDownloadLinkRequest

from harness import bad, fails, fetched

CHECKS = []
OPTIONS = []
POSTGRES_SSL_REQUEST = struct.pack(">II", 8, 80877103)
MYSQL_SSL = 0x0800
MYSQL_PROTOCOL_41 = 0x0200


def check(function):
    """Registers a check; they run in the order written, on one cloud."""
    CHECKS.append(function)
    return function


# The links


def download(cloud, instance):
    return cloud.dcs.download_ssl_cert(DownloadSslCertRequest(instance_id=instance))


def rds(cloud, instance):
    return cloud.rds_client.list_ssl_cert_download_link(
        ListSslCertDownloadLinkRequest(instance_id=instance)).cert_info_list


def dds(cloud, instance):
    return cloud.dds_client.list_ssl_cert_download_address(
        ListSslCertDownloadAddressRequest(instance_id=instance)).certs


def gaussdb(cloud, instance):
    return cloud.gaussdb_client.show_ssl_cert_download_link(
        ShowSslCertDownloadLinkRequest(instance_id=instance)).download_link


def geminidb(cloud, instance):
    return cloud.geminidb_client.list_ssl_cert_download_addresses(
        ListSslCertDownloadAddressesRequest(instance_id=instance)).certs


def unzipped(content, name="ca.crt"):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


@check
def dcs_links_to_an_archive_and_to_a_bare_pem(cloud):
    answer = download(cloud, cloud.dcs_zip)
    assert answer.file_name.endswith(".zip") and answer.bucket_name
    assert unzipped(fetched(answer.link)).decode() == cloud.ca_pem
    assert fetched(download(cloud, cloud.dcs_pem).link).decode() == cloud.ca_pem


@check
def dcs_errors(cloud):
    bad(lambda: download(cloud, cloud.dcs_without_ssl), "DCS.4201", "Do not support SSL.")
    fails(lambda: download(cloud, "no-such-instance"), ClientRequestException, 404, "DCS.3022")
    failure = {"code": {"status": 500, "code": "DCS.5010", "message": "Failed to operate SSL in database."}}
    cloud.switch("weather", {"path": "/ssl-certs/", "times": 1, "fault": failure})
    fails(lambda: download(cloud, cloud.dcs_zip), ServerResponseException, 500, "DCS.5010")


@check
def dcs_tells_of_ssl(cloud):
    def detail(instance):
        return cloud.dcs.show_instance_ssl_detail(ShowInstanceSslDetailRequest(instance_id=instance))

    found = detail(cloud.dcs_zip)
    assert (found.enabled, found.ssl_validated, found.ip) == (True, True, "127.0.0.1")
    assert f"{found.ip}:{found.port}" == address(cloud, cloud.dcs_zip)
    ends = datetime.strptime(found.ssl_expired_at, "%Y-%m-%dT%H:%M:%S.%fZ")
    assert ends > datetime.now() + timedelta(days=300) and found.domain_name
    cloud.switch("ssl", {"instance": cloud.dcs_zip, "on": False})
    assert detail(cloud.dcs_zip).enabled is False
    cloud.switch("ssl", {"instance": cloud.dcs_zip, "on": True})
    bad(lambda: detail(cloud.dcs_without_ssl), "DCS.4201")


@check
def geminidb_links_by_category(cloud):
    certs = geminidb(cloud, cloud.geminidb)
    assert [item.category for item in certs] == ["international"]
    assert fetched(certs[0].download_link).decode() == cloud.ca_pem
    fails(lambda: geminidb(cloud, "none"), ClientRequestException, 404, "DBS.200002")


@check
def geminidb_lists_instances_with_their_ssl(cloud):
    def listed(**query):
        return cloud.geminidb_client.list_instances(ListInstancesRequest(**query))

    answer = listed(id=cloud.geminidb, offset=0, limit=100)
    assert answer.total_count == 1 and answer.instances[0].id == cloud.geminidb
    assert answer.instances[0].ssl == "1" and answer.instances[0].ccm_cert_info is None
    assert answer.instances[0].datastore.type == "redis"
    assert listed(id="none").instances == [] and listed(limit=1, offset=1).instances == []
    cloud.switch("ssl", {"instance": cloud.geminidb, "on": False})
    assert listed().instances[0].ssl == "0"
    cloud.switch("ssl", {"instance": cloud.geminidb, "on": True})


@check
def geminidb_with_a_certificate_of_the_certificate_manager_links_to_nothing(cloud):
    cloud.switch("furnish", {"kind": "instance", "id": "0" * 32 + "in12", "service": "geminidb",
                             "ccm": {"id": "scs1600313391074", "kind": "SSL"}})
    found = cloud.geminidb_client.list_instances(ListInstancesRequest(id="0" * 32 + "in12")).instances
    assert (found[0].ccm_cert_info.cert_id, found[0].ccm_cert_info.cert_type) == ("scs1600313391074", "SSL")
    assert geminidb(cloud, "0" * 32 + "in12") == []


@check
def rds_links_to_archives_by_category(cloud):
    certs = rds(cloud, cloud.rds)
    assert [item.category for item in certs] == ["national", "international"]
    assert unzipped(fetched(certs[1].download_link)).decode() == cloud.ca_pem
    assert unzipped(fetched(certs[0].download_link)).decode() != cloud.ca_pem
    fails(lambda: rds(cloud, "none"), ClientRequestException, 404, "DBS.200002")


@check
def dds_links_by_category(cloud):
    certs = dds(cloud, cloud.dds)
    assert [item.category for item in certs] == ["national", "international"]
    assert fetched(certs[1].download_link).decode() == cloud.ca_pem
    fails(lambda: dds(cloud, "none"), ClientRequestException, 404, "DBS.200002")


@check
def gaussdb_links_to_der(cloud):
    link = gaussdb(cloud, cloud.gaussdb)
    assert fetched(link) == ssl.PEM_cert_to_DER_cert(cloud.ca_pem)
    fails(lambda: gaussdb(cloud, "none"), ClientRequestException, 404, "DBS.200002")


@check
def links_follow_what_is_published_in_every_form(cloud):
    der = ssl.PEM_cert_to_DER_cert(cloud.ca_pem)
    for form, read in [
        ("zip", lambda found: unzipped(found) == cloud.ca_pem.encode()),
        ("zip_of_der", lambda found: unzipped(found, "ca.der") == der),
        ("der", lambda found: found == der),
        ("text", lambda found: found == cloud.ca_pem.encode()),
    ]:
        cloud.switch("publish", {"instance": cloud.gaussdb, "form": form, "pem": cloud.ca_pem})
        assert read(fetched(gaussdb(cloud, cloud.gaussdb))), form


@check
def every_service_may_refuse_a_link(cloud):
    def forbidden():
        refusal = {"code": {"status": 403, "code": "DBS.200010", "message": "Access denied."}}
        cloud.switch("weather", {"path": "/ssl-cert/", "times": 1, "fault": refusal})

    for call, instance in [(rds, cloud.rds), (dds, cloud.dds), (gaussdb, cloud.gaussdb),
                           (geminidb, cloud.geminidb)]:
        forbidden()
        fails(lambda: call(cloud, instance), ClientRequestException, 403, "DBS.200010")


# The handshakes


def address(cloud, instance):
    return cloud.switch("instances")[instance]["address"]


def connected(cloud, instance):
    host, port = address(cloud, instance).rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=10)


def received(plain, length):
    found = b""
    while len(found) < length:
        part = plain.recv(length - len(found))
        assert part, f"closed after {found!r}"
        found += part
    return found


def greeting(plain):
    """Whether a MySQL server says that it has SSL."""
    payload = received(plain, received(plain, 4)[0])
    assert payload[0] == 10, payload
    version = payload.index(b"\0")
    return bool(struct.unpack_from("<H", payload, version + 1 + 4 + 8 + 1)[0] & MYSQL_SSL)


def as_tls(plain):
    pass


def as_postgres(plain):
    plain.sendall(POSTGRES_SSL_REQUEST)
    assert received(plain, 1) == b"S"


def as_mysql(plain):
    assert greeting(plain)
    payload = struct.pack("<IIB23x", MYSQL_SSL | MYSQL_PROTOCOL_41, 1 << 24, 45)
    plain.sendall(struct.pack("<I", len(payload))[:3] + b"\x01" + payload)


def verified(cloud, instance, speak, ca_pem):
    """Whether this CA alone verifies what the instance presents."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=ca_pem)
    with connected(cloud, instance) as plain:
        speak(plain)
        try:
            with context.wrap_socket(plain, server_hostname="127.0.0.1"):
                return True
        except ssl.SSLCertVerificationError:
            return False


@check
def the_published_ca_verifies_every_instance(cloud):
    for instance, speak in [
        (cloud.dcs_zip, as_tls), (cloud.dcs_pem, as_tls), (cloud.geminidb, as_tls), (cloud.dds, as_tls),
        (cloud.rds, as_postgres), (cloud.gaussdb, as_postgres),
    ]:
        assert verified(cloud, instance, speak, cloud.ca_pem), instance
    assert cloud.switch("instances")[cloud.dcs_without_ssl]["address"] is None


@check
def an_instance_renews_after_its_ca_was_published(cloud):
    renewed = cloud.issue()["root"]
    cloud.switch("publish", {"instance": cloud.rds, "pem": renewed + "\n"})
    assert unzipped(fetched(rds(cloud, cloud.rds)[1].download_link)).decode() == renewed + "\n"
    assert verified(cloud, cloud.rds, as_postgres, cloud.ca_pem), "it still presents the old one"
    assert cloud.switch("present", {"instance": cloud.rds, "days": 5})["ca"].strip() == renewed
    assert verified(cloud, cloud.rds, as_postgres, renewed)
    assert not verified(cloud, cloud.rds, as_postgres, cloud.ca_pem)
    cloud.switch("present", {"instance": cloud.rds, "days": -1})
    assert not verified(cloud, cloud.rds, as_postgres, renewed), "expired"
    own = cloud.switch("present", {"instance": cloud.rds, "self_signed": True})["ca"]
    assert verified(cloud, cloud.rds, as_postgres, own)


@check
def a_postgres_without_ssl_says_no(cloud):
    cloud.switch("ssl", {"instance": cloud.gaussdb, "on": False})
    with connected(cloud, cloud.gaussdb) as plain:
        plain.sendall(POSTGRES_SSL_REQUEST)
        assert received(plain, 1) == b"N"


# The switch


def jobs(cloud, **query):
    request = ListImmediateJobsRequest(job_name="GaussDBforMySQLSwitchSSL", **query)
    return cloud.taurusdb_client.list_immediate_jobs(request)


def moment(offset):
    return (datetime.now(timezone.utc) + timedelta(seconds=offset)).strftime("%Y-%m-%dT%H:%M:%S%z")


def switched(cloud, instance, on=True):
    return cloud.taurusdb_client.switch_gauss_my_sql_instance_ssl(SwitchGaussMySqlInstanceSslRequest(
        x_language="en-us", instance_id=instance, body=SwitchSSLRequest(ssl_option=on)))


def job_of(cloud, job):
    return cloud.taurusdb_client.show_gauss_my_sql_job_info(ShowGaussMySqlJobInfoRequest(id=job)).job


def has_ssl(cloud):
    with connected(cloud, cloud.taurusdb) as plain:
        return greeting(plain)


def followed(cloud, job):
    """The job at its end, and the states that it went through."""
    seen = []
    while not seen or seen[-1] not in ("Completed", "Failed"):
        greets = has_ssl(cloud)
        found = job_of(cloud, job)
        assert found.id == job and found.instance.id == cloud.taurusdb
        if not seen or seen[-1] != found.status:
            seen.append(found.status)
        assert found.status == "Completed" or not greets, "SSL came on before its job ended"
        time.sleep(0.1)
    return found, seen


@check
def taurusdb_is_busy_now_and_then(cloud):
    text = "Another operation is being performed on the DB instance. Try again later."
    busy = {"code": {"status": 409, "code": "DBS.201014", "message": text}}
    cloud.switch("weather", {"method": "PUT", "path": "/ssl-option", "times": 1, "fault": busy})
    fails(lambda: switched(cloud, cloud.taurusdb), ClientRequestException, 409, "DBS.201014")
    assert jobs(cloud).total_count == 0 and not has_ssl(cloud)


@check
def taurusdb_a_failed_job_switches_nothing(cloud):
    cloud.switch("fail-job", {"reason": "The instance could not be restarted."})
    found, seen = followed(cloud, switched(cloud, cloud.taurusdb).job_id)
    assert seen == ["Pending", "Running", "Failed"], seen
    assert found.fail_reason == "The instance could not be restarted." and not has_ssl(cloud)


@check
def taurusdb_switches_and_the_job_ends(cloud):
    job = switched(cloud, cloud.taurusdb).job_id
    fails(lambda: switched(cloud, cloud.taurusdb, False), ClientRequestException, 409, "DBS.201014")
    found, seen = followed(cloud, job)
    assert seen == ["Pending", "Running", "Completed"], seen
    assert has_ssl(cloud)
    with connected(cloud, cloud.taurusdb) as plain:
        as_mysql(plain)
    assert verified(cloud, cloud.taurusdb, as_mysql, cloud.ca_pem)
    assert datetime.strptime(found.created, "%Y-%m-%dT%H:%M:%S%z") <= datetime.strptime(
        found.ended, "%Y-%m-%dT%H:%M:%S%z")
    fails(lambda: switched(cloud, "0" * 32 + "in07"), ClientRequestException, 404, "DBS.200002")
    cloud.kept["job"] = job


@check
def taurusdb_lists_recent_tasks(cloud):
    answer = jobs(cloud, start_time=moment(-3600), end_time=moment(60), limit="50", offset="0")
    assert answer.total_count == 2 and answer.jobs[0].job_id == cloud.kept["job"]
    assert answer.jobs[0].instance_id == cloud.taurusdb
    assert [job.status for job in answer.jobs] == ["Completed", "Failed"]
    assert not hasattr(answer.jobs[0], "ssl_option"), "no API tells the direction"
    assert jobs(cloud, start_time=moment(3600)).total_count == 0
    assert jobs(cloud, status="Running").total_count == 0
    fails(lambda: job_of(cloud, "none"), ClientRequestException, 404, "DBS.200002")


@check
def taurusdb_may_be_switched_by_another_hand(cloud):
    cloud.switch("ssl", {"instance": cloud.taurusdb, "on": False})
    assert not has_ssl(cloud) and jobs(cloud).total_count == 2


@check
def the_official_clients_broke_no_rule_of_the_instances(cloud):
    assert cloud.switch("violations") == [], cloud.switch("violations")
